import { Agent, request as send } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { ConfigError, ProcessingError } from '../../topology/core/errors.ts';
import type { ChargeReply, ChargeRequest } from '../../schemas/orders/shop.ts';
import { CallFailure } from '../call-handler.ts';
import type { CallHandler } from '../call-handler.ts';

const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 256 });

/**
 * Charges an order at the payment provider that `PAYMENTS_URL` names (`http://127.0.0.1:8081`).
 *
 * @throws {CallFailure} when the provider gave no answer
 * @throws {ConfigError} PAYMENTS_URL when the environment variable is missing or no http URL
 * @throws {ProcessingError} CALL_REFUSED when the provider does not take this request (400, 422, …): asking again cannot help
 */
export const payments: CallHandler<ChargeRequest, ChargeReply> = async (
  request,
  { idempotencyKey, signal },
) => {
  const body = Buffer.from(JSON.stringify(request));
  const { status, text } = await post(
    {
      ...destination(process.env['PAYMENTS_URL']),
      method: 'POST',
      agent,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        'idempotency-key': idempotencyKey,
      },
    },
    body,
  );
  if (status === 200) return parseReply(text, idempotencyKey);
  const answer = `the payment provider answered ${status} to "${idempotencyKey}"`;
  if (status === 409) throw new CallFailure('in-progress', answer);
  // The provider says that it did nothing.
  if (status === 429 || status === 503) throw new CallFailure('not-sent', answer);
  if (status >= 500) throw new CallFailure('unavailable', answer);
  throw new ProcessingError('CALL_REFUSED', `${answer}: ${text.slice(0, 200)}`);
};

let parsedUrl: { readonly url: string; readonly options: RequestOptions } | undefined;

function destination(url: string | undefined): RequestOptions {
  if (parsedUrl === undefined || parsedUrl.url !== url) {
    if (url === undefined || !URL.canParse(url) || new URL(url).protocol !== 'http:') {
      throw new ConfigError(
        'PAYMENTS_URL',
        `PAYMENTS_URL is ${url === undefined ? 'not set' : `"${url}"`}: set it to the http URL of the payment provider`,
      );
    }
    const { hostname, port, pathname } = new URL(url);
    const path = `${pathname.replace(/\/$/, '')}/charges`;
    parsedUrl = { url, options: { hostname, port: port === '' ? 80 : Number(port), path } };
  }
  return parsedUrl.options;
}

function post(options: RequestOptions, body: Buffer): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = send(options, (incoming) => {
      readText(incoming).then(
        (text) => resolve({ status: incoming.statusCode ?? 0, text }),
        (error: unknown) => reject(failure(error, options.signal)),
      );
    });
    outgoing.on('error', (error) => reject(failure(error, options.signal)));
    outgoing.end(body);
  });
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function failure(error: unknown, signal: AbortSignal | undefined): CallFailure {
  if (signal?.aborted === true) {
    return new CallFailure('timeout', 'the payment provider did not answer in time', {
      cause: error,
    });
  }
  const { message, syscall } = error as NodeJS.ErrnoException;
  // Only connecting and resolving the name fail before a byte is sent; a keep-alive connection that breaks may have carried the request.
  return syscall === 'connect' || syscall === 'getaddrinfo'
    ? new CallFailure('not-sent', `the payment provider is not there: ${message}`, { cause: error })
    : new CallFailure('unavailable', `the payment provider went away: ${message}`, {
        cause: error,
      });
}

function parseReply(text: string, idempotencyKey: string): ChargeReply {
  try {
    const { state, chargeId } = JSON.parse(text) as Partial<ChargeReply>;
    if (typeof state === 'string' && typeof chargeId === 'string') return { state, chargeId };
  } catch {
    // Answered below: what is no JSON is no answer either.
  }
  throw new CallFailure(
    'unavailable',
    `the payment provider's answer to "${idempotencyKey}" is none: ${text.slice(0, 200)}`,
  );
}
