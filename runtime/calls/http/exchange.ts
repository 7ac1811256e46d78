import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Clock } from '../../../topology/core/clock.ts';

/** A request, and how far to go for its answer. */
export interface ExchangeOptions {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly agent: Agent;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Bytes of body that are read of an answer with this status; what is longer is cut off, and the connection closed. */
  readonly limitOf: (status: number) => number;
}

/** What came of the body of an answer. */
export type HttpBody =
  /** All of it. */
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** More than the limit: `bytes` are what was read. */
  | { readonly kind: 'too-large'; readonly bytes: Buffer }
  /** The connection ended in it: `bytes` are what came before. */
  | { readonly kind: 'cut'; readonly bytes: Buffer; readonly cause: unknown };

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: HttpBody;
}

/** There is no answer. */
export class TransportError extends Error {
  /**
   * False: nothing of the request has left this process. True: the service may have it.
   */
  readonly sent: boolean;

  constructor(message: string, sent: boolean, cause: unknown) {
    super(message, { cause });
    this.sent = sent;
  }
}

/**
 * Sends a request, once, and reads its answer. Redirections are not followed.
 *
 * Not a byte is written before the connection is up and its certificate is found right: that is what makes `sent` certain.
 * @throws {TransportError} when there is no answer
 */
export function exchange(options: ExchangeOptions): Promise<HttpAnswer> {
  const { origin, path, method, headers, agent, signal, clock } = options;
  const { protocol, hostname, port } = new URL(origin);
  const secure = protocol === 'https:';
  // An IPv6 address stands in brackets in a URL alone.
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    let sent = false;
    let answered = false;
    const outgoing = (secure ? secureRequest : request)({
      host,
      ...(port === '' ? {} : { port }),
      path,
      method,
      headers,
      agent,
      signal,
    });
    const cancelConnect = clock.after(options.connectTimeoutMs, () => {
      outgoing.destroy(new Error(`no connection within ${options.connectTimeoutMs} ms`));
    });
    const fail = (cause: unknown, message = messageOf(cause)): void => {
      cancelConnect();
      reject(new TransportError(message, sent, cause));
    };
    const send = (): void => {
      cancelConnect();
      sent = true;
      outgoing.end(options.body);
    };
    outgoing.on('socket', (socket) => {
      if (outgoing.reusedSocket) send();
      else socket.once(secure ? 'secureConnect' : 'connect', send);
    });
    outgoing.on('error', fail);
    outgoing.on('close', () => {
      // What came of an answer is told by its body.
      if (!answered) fail(undefined, 'the connection was closed without an answer');
    });
    outgoing.on('response', (incoming) => {
      answered = true;
      const status = incoming.statusCode ?? 0;
      void readBody(incoming, options.limitOf(status)).then((body) => {
        if (body.kind !== 'whole') outgoing.destroy();
        if (body.kind === 'cut' && signal.aborted) fail(body.cause);
        resolve({ status, headers: incoming.headers, body });
      });
    });
  });
}

/** Reads a body up to `limit` bytes; never fails. The caller closes the connection of one that is not whole. */
function readBody(incoming: IncomingMessage, limit: number): Promise<HttpBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let over = false;
    const end = (kind: HttpBody['kind'], cause?: unknown): void => {
      over = true;
      resolve({ kind, bytes: Buffer.concat(chunks), cause });
    };
    if (Number(incoming.headers['content-length'] ?? 0) > limit) {
      end('too-large');
      return;
    }
    incoming.on('data', (chunk: Buffer) => {
      if (over) return;
      size += chunk.length;
      if (size > limit) end('too-large');
      else chunks.push(chunk);
    });
    incoming.on('end', () => end('whole'));
    incoming.on('error', (error) => end('cut', error));
    incoming.on('close', () => end('cut', new Error('the connection was closed')));
  });
}

function messageOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // Of several addresses that all refuse, Node gives an error without words.
  return message === '' ? (code ?? 'no connection') : message;
}
