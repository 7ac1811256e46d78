import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Behaviour } from './behaviour.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

/** What a charge asks for: the body of `POST /charges`. */
interface ChargeBody {
  readonly orderId: string;
  readonly customerId: string;
  readonly amountCents: number;
  readonly currency: string;
}

const maxBodyBytes = 64 * 1024;

export interface ProviderOptions {
  readonly ledger: Ledger;
  readonly behaviour: Behaviour;
  /** Monotonic ms. */
  readonly monotonic: () => number;
  /** Goes out with `GET /health`: lets a client see whether this is the provider that it means. */
  readonly identity: string;
  /** Called at each request: the provider is in use. */
  readonly used: () => void;
}

/**
 * The payment provider's HTTP server, not yet listening.
 *
 * `POST /charges` with header `Idempotency-Key` answers 200 `{state, chargeId}` when the charge is in the ledger; 400 a request that is none; 409 while a request with
 * this key is being worked on; 422 the key of another request; 500 where it is not known what was done; 503 in an outage, before anything was done. It may also make the charge and never answer.
 * `GET /ledger` gives totals, `GET /ledger/charges` all entries as JSON lines, `GET /health` says who this is.
 */
export function createProvider(options: ProviderOptions): Server {
  const charging = new Charging(options);
  return createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    options.used();
    const { method, url } = request;
    if (method === 'POST' && url === '/charges') {
      charging.handle(request, response).catch((error: unknown) => {
        answer(response, 500, { error: error instanceof Error ? error.message : String(error) });
      });
    } else if (method === 'GET' && url === '/ledger') {
      answer(response, 200, options.ledger.totals);
    } else if (method === 'GET' && url === '/ledger/charges') {
      void stream(options.ledger.entries(), response);
    } else if (method === 'GET' && url === '/health') {
      answer(response, 200, { pid: process.pid, identity: options.identity });
    } else {
      answer(response, 404, { error: `no ${method} ${url} here` });
    }
  });
}

class Charging {
  readonly #options: ProviderOptions;
  readonly #started: number;
  readonly #inProgress = new Map<string, ChargeBody>();

  constructor(options: ProviderOptions) {
    this.#options = options;
    this.#started = options.monotonic();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const key = request.headers['idempotency-key'];
    const body = parseCharge(await readBody(request));
    if (typeof key !== 'string' || key === '' || body === undefined) {
      const error = 'a charge has a header Idempotency-Key and a body of orderId, customerId, ';
      answer(response, 400, { error: `${error}amountCents (0 or more) and currency` });
      return;
    }
    const { ledger, behaviour, monotonic } = this.#options;
    if (behaviour.outage(monotonic() - this.#started)) {
      answer(response, 503, { error: 'out of service: nothing was charged' });
      return;
    }
    const done = ledger.get(key);
    const asked = done ?? this.#inProgress.get(key);
    if (asked !== undefined && !isSame(asked, body)) {
      answer(response, 422, { error: `key "${key}" belongs to another request` });
    } else if (done !== undefined) {
      answer(response, 200, { state: done.state, chargeId: done.chargeId });
    } else if (asked !== undefined) {
      answer(response, 409, { error: `key "${key}" is being worked on` });
    } else {
      this.#inProgress.set(key, body);
      try {
        await this.#charge(key, body, response);
      } finally {
        this.#inProgress.delete(key);
      }
    }
  }

  async #charge(key: string, body: ChargeBody, response: ServerResponse): Promise<void> {
    const fate = this.#options.behaviour.next(key);
    if (fate.latencyMs >= 1) await sleep(fate.latencyMs);
    const chargeId = `ch_${createHash('sha256').update(key).digest('hex').slice(0, 20)}`;
    const { orderId, customerId, amountCents: cents, currency } = body;
    const { state } = fate;
    await this.#options.ledger.append({
      key,
      chargeId,
      state,
      orderId,
      customerId,
      cents,
      currency,
    });
    if (fate.answer === 'given') answer(response, 200, { state, chargeId });
    else if (fate.answer === 'cut') response.destroy();
  }
}

function isSame(asked: ChargeBody | LedgerEntry, body: ChargeBody): boolean {
  const cents = 'cents' in asked ? asked.cents : asked.amountCents;
  return (
    asked.orderId === body.orderId &&
    asked.customerId === body.customerId &&
    cents === body.amountCents &&
    asked.currency === body.currency
  );
}

function parseCharge(text: string | undefined): ChargeBody | undefined {
  if (text === undefined) return undefined;
  try {
    const body = JSON.parse(text) as Partial<ChargeBody> | null;
    const { orderId, customerId, amountCents, currency } = body ?? {};
    const named = typeof orderId === 'string' && typeof customerId === 'string';
    if (!named || typeof currency !== 'string') return undefined;
    if (!Number.isSafeInteger(amountCents) || (amountCents as number) < 0) return undefined;
    return { orderId, customerId, amountCents: amountCents as number, currency };
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBodyBytes) chunks.push(chunk);
  }
  return bytes > maxBodyBytes ? undefined : Buffer.concat(chunks).toString('utf8');
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

async function stream(entries: Iterable<LedgerEntry>, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (const entry of entries) {
    if (response.destroyed) return;
    if (!response.write(`${JSON.stringify(entry)}\n`)) await drained(response);
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
