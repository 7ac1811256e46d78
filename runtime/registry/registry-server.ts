import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '../../topology/core/errors.ts';
import type { CompiledServeOptions } from './serve-options.ts';
import { type ApiAnswer, answerRegistry } from './registry-routes.ts';
import type { StoredRegistry } from './stored-registry.ts';

/** The largest body of a request, bytes. */
const maxBodyBytes = 8 * 1024 * 1024;
/** The longest time for a request to come in, ms. */
const requestMs = 10_000;
const maxConnections = 256;
const mediaType = 'application/vnd.schemaregistry.v1+json';

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
    const { port } = server.address() as AddressInfo;
    const { host } = options;
    const wild = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    this.url = `http://${wild.includes(':') ? `[${wild}]` : wild}:${port}`;
  }

  /** @throws {ConfigError} REGISTRY_LISTEN when host and port cannot be had */
  static async listen(
    registry: StoredRegistry,
    options: CompiledServeOptions,
  ): Promise<RegistryServer> {
    const { host, port } = options;
    const server = createServer({ requestTimeout: requestMs });
    server.maxConnections = maxConnections;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(notListening(options, error)));
      server.listen({ host, port }, resolve);
    });
    const made = new RegistryServer(server, registry, options);
    server.on('request', (request, response) => void made.handle(request, response));
    return made;
  }

  /** Ends it at once: what is under way is cut off. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.server.closeAllConnections();
    await closed;
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
    try {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      return await answerRegistry(this.registry, { method, url, body });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return failed(400, 400, `the body is no JSON: ${error.message}`);
    }
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

const ownNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

function isOwnName(host: string | undefined): boolean {
  const name = URL.parse(`http://${host}`)?.hostname ?? '';
  return ownNames.has(name) || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** As a bearer, or as the password of any user. Takes equally long however much of it is right. */
function isToken(authorization: string | undefined, token: string): boolean {
  const [scheme = '', given = ''] = (authorization ?? '').split(' ', 2);
  const basic = Buffer.from(given, 'base64').toString();
  const said = /^basic$/i.test(scheme) ? basic.slice(basic.indexOf(':') + 1) : given;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return /^(?:basic|bearer)$/i.test(scheme) && timingSafeEqual(digest(said), digest(token));
}

function notListening(
  { host, port }: CompiledServeOptions,
  error: NodeJS.ErrnoException,
): ConfigError {
  const why =
    error.code === 'EADDRINUSE'
      ? `port ${port} is taken: choose another one, or 0 for one that is free`
      : error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
        ? `this machine has no address ${host}: choose one that it has`
        : error.message;
  return new ConfigError('REGISTRY_LISTEN', `cannot serve schemas on ${host}: ${why}`, {
    cause: error,
  });
}
