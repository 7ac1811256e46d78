import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { RegistryRequest } from '../../schemas/registry/confluent-client.ts';
import type { Clock } from '../../topology/core/clock.ts';
import type { CompiledRegistryOptions } from './url-options.ts';

/** The most that an answer may have, bytes. */
const maxBodyBytes = 64 * 1024 * 1024;
const maxSockets = 8;

/** An answer as it came. */
export interface HttpReply {
  readonly status: number;
  /** Parsed JSON; undefined where it was none. */
  readonly body: unknown;
  /** `Retry-After`, as it came. */
  readonly retryAfter: string | undefined;
}

/** One attempt at a request; rejects with an error that says in few words why there is no answer. */
export type HttpSend = (request: RegistryRequest, signal: AbortSignal) => Promise<HttpReply>;

/** Requests to a registry, over connections that are kept. Redirections are not followed: credentials must not go to somebody else. */
export function httpTransport(
  options: CompiledRegistryOptions,
  clock: Clock,
): { readonly send: HttpSend; close(): void } {
  const { url, tls, authorization, timeoutMs } = options;
  const secure = url.startsWith('https:');
  const agentOptions = { keepAlive: true, maxSockets };
  const agent = secure ? new HttpsAgent({ ...agentOptions, ...tls }) : new HttpAgent(agentOptions);
  const begin = secure ? httpsRequest : httpRequest;
  const send: HttpSend = async ({ method, path, headers, body }, signal) => {
    const abort = new AbortController();
    const late = new Error(`no answer within ${timeoutMs} ms`);
    const cancel = clock.after(timeoutMs, () => abort.abort(late));
    try {
      const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
      const sent = begin(
        `${url}${path}`,
        {
          method,
          agent,
          signal: AbortSignal.any([signal, abort.signal]),
          headers: {
            ...headers,
            accept: 'application/vnd.schemaregistry.v1+json, application/json',
            ...(authorization === undefined ? {} : { authorization }),
            ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          },
        },
        (response) => void replyOf(response).then(resolve, reject),
      );
      sent.on('error', reject);
      sent.end(body);
      return await promise;
    } catch (error) {
      if (abort.signal.aborted) throw late;
      throw error;
    } finally {
      cancel();
    }
  };
  return { send, close: () => agent.destroy() };
}

async function replyOf(response: IncomingMessage): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Error(`an answer of more than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    body: parsed(Buffer.concat(chunks).toString()),
    retryAfter: response.headers['retry-after'],
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
