import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { closeAtOnce, hostOf, listenAt, localUrl, sameSecret } from '../http-listen.ts';
import { answerQuery, failed, type HttpResult, type QuerySource } from './query-routes.ts';
import type { CompiledQueriesOptions } from './queries-options.ts';

/** The longest line and headers of a request, bytes: a key has some 2,000, which encoding makes three times as many. */
const maxHeaderBytes = 16 * 1024;

/** Connections at a time; one more is closed at once. */
const maxConnections = 256;

/** The longest time for a request to come in, ms. */
const requestMs = 10_000;

/** The longest time that a connection may be silent, ms: a reader that has stopped reading is cut off. */
const silenceMs = 60_000;

const words = {
  code: 'QUERIES_LISTEN',
  task: 'answer queries',
  otherPort: 'set queries.port to another one, or to 0 for one that is free',
  otherHost: 'set queries.host to one that it has',
} as const;

/**
 * The HTTP server of a member. It listens before the member joins its group, since what it is given to others is its address; it answers 503 until there is
 * a {@link QueryServer.source}.
 */
export class QueryServer {
  source: QuerySource | undefined;
  /** Where others reach it. */
  readonly endpoint: string;
  /** Where this machine reaches it. */
  readonly local: string;
  private readonly server: Server;
  private readonly options: CompiledQueriesOptions;
  private readonly hosts: ReadonlySet<string>;

  private constructor(server: Server, options: CompiledQueriesOptions) {
    const { host, advertised } = options;
    this.server = server;
    this.options = options;
    this.local = localUrl(server, host);
    this.endpoint = advertised ?? this.local;
    const names = ['localhost', '127.0.0.1', '[::1]', new URL(this.local).hostname];
    this.hosts = new Set([...names, new URL(this.endpoint).hostname]);
  }

  /** @throws {ConfigError} QUERIES_LISTEN when host and port cannot be had */
  static async listen(options: CompiledQueriesOptions): Promise<QueryServer> {
    const server = createServer({ maxHeaderSize: maxHeaderBytes, requestTimeout: requestMs });
    server.maxConnections = maxConnections;
    server.timeout = silenceMs;
    await listenAt(server, options, words);
    const made = new QueryServer(server, options);
    server.on('request', (request, response) => {
      made.handle(request, response).catch((error: unknown) => {
        // An answer that is no text, as it is too long for one: the application goes on.
        response.destroy();
        made.source?.report(`a query could not be answered: ${String(error)}`);
      });
    });
    return made;
  }

  /** Ends it at once: what is under way is cut off. */
  close(): Promise<void> {
    return closeAtOnce(this.server);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Nobody's body is read.
    request.resume();
    const result = await this.answer(request);
    const body = `${JSON.stringify(result.body)}\n`;
    response.writeHead(result.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      ...(result.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(result.status === 405 ? { allow: 'GET' } : {}),
      ...(result.retryAfter === undefined ? {} : { 'retry-after': String(result.retryAfter) }),
    });
    response.end(body);
  }

  private async answer({ method, url = '', headers }: IncomingMessage): Promise<HttpResult> {
    const { token } = this.options;
    if (token !== undefined && !sameSecret(headers.authorization ?? '', `Bearer ${token}`)) {
      return failed(
        401,
        'QUERY_TOKEN',
        'the request has not the token of queries (queries.token of the runner file)',
      );
    }
    // A page in a browser may not read it under a name of its own that it points to this address.
    if (token === undefined && !this.hosts.has(hostOf(headers.host))) {
      return failed(421, 'QUERY_HOST', `it is not known as "${headers.host}" here`);
    }
    if (method !== 'GET') return failed(405, 'QUERY_METHOD', 'queries are GET requests');
    if (this.source === undefined) {
      const starting = failed(503, 'QUERY_STARTING', 'the application is starting');
      return { ...starting, retryAfter: 1 };
    }
    return answerQuery(url, this.source);
  }
}
