import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { closeAtOnce, hostOf, isLoopback, listenAt, localUrl, sameSecret } from '../http-listen.ts';
import type { CompiledServeOptions } from './serve-options.ts';
import { type ApiAnswer, answerRegistry } from './registry-routes.ts';
import type { StoredRegistry } from './stored-registry.ts';

/** The largest body of a request, bytes. */
const maxBodyBytes = 8 * 1024 * 1024;
/** The longest time for a request to come in, ms. */
const requestMs = 10_000;
const maxConnections = 256;
const mediaType = 'application/vnd.schemaregistry.v1+json';

const words = {
  code: 'REGISTRY_LISTEN',
  task: 'serve schemas',
  otherPort: 'choose another one, or 0 for one that is free',
  otherHost: 'choose one that it has',
} as const;

/** Serves a registry over HTTP, as Confluent's registry is served: any program with a client for that one can use it. */
export class RegistryServer {
  /** `http://host:port`, for clients on this machine. */
  readonly url: string;
  private readonly server: Server;
  private readonly registry: StoredRegistry;
  private readonly token: string | undefined;

  private constructor(server: Server, registry: StoredRegistry, options: CompiledServeOptions) {
    this.server = server;
    this.registry = registry;
    this.token = options.token;
    this.url = localUrl(server, options.host);
  }

  /** @throws {ConfigError} REGISTRY_LISTEN when host and port cannot be had */
  static async listen(
    registry: StoredRegistry,
    options: CompiledServeOptions,
  ): Promise<RegistryServer> {
    const server = createServer({ requestTimeout: requestMs });
    server.maxConnections = maxConnections;
    await listenAt(server, options, words);
    const made = new RegistryServer(server, registry, options);
    server.on('request', (request, response) => void made.handle(request, response));
    return made;
  }

  /** Ends it at once: what is under way is cut off. */
  close(): Promise<void> {
    return closeAtOnce(this.server);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: ApiAnswer;
    try {
      answer = await this.answer(request);
    } catch (error) {
      answer = failed(500, 50_001, (error as Error).message);
    }
    const body = JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      'content-type': mediaType,
      'content-length': Buffer.byteLength(body),
      ...(answer.status === 401 ? { 'www-authenticate': 'Basic realm="schemas", Bearer' } : {}),
    });
    response.end(body);
  }

  private async answer(request: IncomingMessage): Promise<ApiAnswer> {
    const { method = 'GET', url = '/', headers } = request;
    if (this.token !== undefined) {
      if (!isToken(headers.authorization, this.token)) {
        request.resume();
        return failed(401, 40_101, 'Unauthorized: the request has not the token of the registry');
      }
    } else if (!isOwnName(headers.host)) {
      // A page in a browser may not reach it under a name of its own that it points to this address.
      request.resume();
      return failed(421, 42_100, `it is not known as "${headers.host}" here`);
    }
    if (method === 'GET' || method === 'DELETE') {
      request.resume();
      return answerRegistry(this.registry, { method, url, body: undefined });
    }
    // Forms of pages in a browser cannot have this type.
    if (!/^application\/([\w.-]+\+)?json\b/.test(headers['content-type'] ?? '')) {
      request.resume();
      return failed(415, 415, `the body is to be ${mediaType} or application/json`);
    }
    const text = await bodyOf(request);
    if (text === undefined) return failed(413, 413, `a body of more than ${maxBodyBytes} bytes`);
    let body: unknown;
    try {
      body = text === '' ? undefined : JSON.parse(text);
    } catch (error) {
      return failed(400, 400, `the body is no JSON: ${(error as Error).message}`);
    }
    return answerRegistry(this.registry, { method, url, body });
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  return size > maxBodyBytes ? undefined : Buffer.concat(chunks).toString();
}

function failed(status: number, code: number, message: string): ApiAnswer {
  return { status, body: { error_code: code, message } };
}

function isOwnName(header: string | undefined): boolean {
  const name = hostOf(header);
  return name === '[::1]' || isLoopback(name);
}

/** As a bearer, or as the password of any user. Takes equally long however much of it is right. */
function isToken(authorization: string | undefined, token: string): boolean {
  const [scheme = '', given = ''] = (authorization ?? '').split(' ', 2);
  const basic = Buffer.from(given, 'base64').toString();
  const said = /^basic$/i.test(scheme) ? basic.slice(basic.indexOf(':') + 1) : given;
  return sameSecret(said, token) && /^(?:basic|bearer)$/i.test(scheme);
}
