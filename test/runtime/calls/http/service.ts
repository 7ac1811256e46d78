import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { CallContext, CallFailure } from '../../../../processors/call-handler.ts';
import { systemClock } from '../../../../runtime/app/system-clock.ts';
import {
  compileHttpCall,
  type HttpCallOptions,
} from '../../../../runtime/calls/http/call-options.ts';
import { HttpCall } from '../../../../runtime/calls/http/http-call.ts';
import { loadCatalog } from '../../../../schemas/index.ts';
import { isStreamsError } from '../../../../topology/core/errors.ts';
import type { TestCertificate } from './certificate.ts';

/** A request as the service got it. */
export interface Got {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A service on a port of its own, and how its connections were used. */
export interface Service {
  readonly url: string;
  readonly requests: Got[];
  /** Connections so far. */
  readonly connections: Socket[];
}

export type Answer = (response: ServerResponse, request: Got) => void;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Starts a service that answers so; it ends with the test. */
export async function startService(answer: Answer, tls?: TestCertificate): Promise<Service> {
  const requests: Got[] = [];
  const connections: Socket[] = [];
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const got = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(got);
      answer(response, got);
    });
  };
  const server =
    tls === undefined ? createServer(listener) : createSecureServer({ ...tls }, listener);
  server.on('connection', (socket: Socket) => {
    connections.push(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.close();
    for (const socket of connections) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const scheme = tls === undefined ? 'http' : 'https';
  return { url: `${scheme}://127.0.0.1:${port}/charges`, requests, connections };
}

const schemaTexts = [
  `{ "type": "record", "name": "pay.Customer", "fields": [ { "name": "id", "type": "long" } ] }`,
  `{ "type": "record", "name": "pay.Request", "fields": [
    { "name": "order", "type": "string" },
    { "name": "cents", "type": "double" },
    { "name": "customer", "type": "pay.Customer" },
    { "name": "note", "type": ["null", "string"], "default": null } ] }`,
  `{ "type": "record", "name": "pay.Reply", "fields": [
    { "name": "state", "type": { "type": "enum", "name": "pay.State", "symbols": ["APPROVED", "DECLINED"] } },
    { "name": "lines", "type": { "type": "array", "items": "long" }, "default": [] } ] }`,
];

/** Types of the calls of these tests. */
export const { catalog } = loadCatalog(schemaTexts.map((text, i) => ({ file: `${i}.avsc`, text })));
/** The call of these tests, as the topology declares it. */
export const def = { request: 'pay.Request', reply: 'pay.Reply' } as const;
/** A request of it. */
export const request = { order: 'o 1', cents: 1250, customer: { id: 7 }, note: null };

/** A reply that fits. */
export function approve(response: ServerResponse): void {
  response.end('{ "state": "APPROVED" }');
}

/** The call `payments` with these options; its connections end with the test. */
export function httpCall(options: HttpCallOptions): HttpCall {
  const compiled = compileHttpCall('payments', options, { def, catalog });
  const call = new HttpCall(compiled, systemClock);
  closers.push(() => call.close());
  return call;
}

/** A context with key `k1`. */
export function context(signal: AbortSignal = new AbortController().signal): CallContext {
  return { idempotencyKey: 'k1', signal, attempt: 1 };
}

/** What one request came to: the reply, or the code of the failure and its message with the port taken out. */
export async function outcome(call: HttpCall, signal?: AbortSignal): Promise<unknown> {
  try {
    return { reply: await call.handler(request, context(signal)) };
  } catch (error) {
    if (!isStreamsError(error)) throw error;
    const { retryAfterMs } = error as CallFailure;
    return {
      code: error.code,
      message: error.message.replace(/127\.0\.0\.1:\d+/g, 'HOST'),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
}
