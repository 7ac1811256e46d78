import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallHandler } from '../../../processors/call-handler.ts';
import { payments } from '../../../processors/orders/payments.ts';
import type { Behaviour, ChargeFate } from '../../../processors/orders/provider/behaviour.ts';
import { Ledger } from '../../../processors/orders/provider/ledger.ts';
import { createProvider } from '../../../processors/orders/provider/server.ts';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { compileHttpCall } from '../../../runtime/calls/http/call-options.ts';
import { HttpCall } from '../../../runtime/calls/http/http-call.ts';
import { loadCatalog } from '../../../schemas/index.ts';
import type { ChargeReply, ChargeRequest } from '../../../schemas/orders/shop.ts';

let folder: string;
let ledger: Ledger;
let server: Server | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provider-'));
  ledger = await Ledger.open(join(folder, 'ledger.jsonl'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await ledger.close();
  await rm(folder, { recursive: true });
});

async function provide(fate: Partial<ChargeFate> = {}, out = false): Promise<string> {
  const behaviour: Behaviour = {
    outage: () => out,
    next: () => ({ latencyMs: 0, state: 'APPROVED', answer: 'given', ...fate }),
  };
  const used = (): void => {};
  const monotonic = (): number => 0;
  const started = createProvider({ ledger, behaviour, monotonic, identity: 'test', used });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  process.env['PAYMENTS_URL'] = url;
  return url;
}

const order = { orderId: 'o1', customerId: 'c1', amountCents: 1500, currency: 'USD' };

let handler: CallHandler<ChargeRequest, ChargeReply>;
const calls: HttpCall[] = [];

function charge(request = order, signal = new AbortController().signal) {
  return handler(request, { idempotencyKey: 'charge-o1', signal, attempt: 1 });
}

const schemas = new URL('../../../schemas/orders/', import.meta.url);
const { catalog } = loadCatalog(
  ['charge-request.avsc', 'charge-reply.avsc'].map((file) => ({
    file,
    text: readFileSync(new URL(file, schemas), 'utf8'),
  })),
);

/** The call as a runner file would make it. */
const byHttp: typeof handler = (request, context) => {
  const options = {
    // It says that it did nothing.
    statuses: { 503: 'not-sent' as const },
    url: `${process.env['PAYMENTS_URL']}/charges`,
  };
  const def = { request: 'shop.ChargeRequest', reply: 'shop.ChargeReply' };
  const call = new HttpCall(compileHttpCall('payments', options, { def, catalog }), systemClock);
  calls.push(call);
  return call.handler(request, context) as Promise<ChargeReply>;
};

afterEach(() => {
  for (const call of calls.splice(0)) call.close();
});

describe.each([
  ['processors/orders/payments.ts', payments],
  ['a URL in the runner file', byHttp],
])('payments at the provider by %s', (_, made) => {
  beforeEach(() => {
    handler = made;
  });

  test('charges once for one key, and answers the same again', async () => {
    await provide();
    const first = await charge();
    expect(first.state).toBe('APPROVED');
    expect(await charge()).toEqual(first);
    expect(ledger.totals).toEqual({ charges: 1, cents: 1500, declined: 0 });
  });

  test('tells a declined charge and keeps it in the ledger', async () => {
    await provide({ state: 'DECLINED' });
    expect(await charge()).toMatchObject({ state: 'DECLINED' });
    expect(ledger.totals).toEqual({ charges: 0, cents: 0, declined: 1 });
  });

  test('reports a key that is being worked on', async () => {
    await provide({ latencyMs: 100 });
    const first = charge();
    await expect
      .poll(() => charge().catch((error: Error) => error))
      .toMatchObject({
        kind: 'in-progress',
      });
    expect(await first).toMatchObject({ state: 'APPROVED' });
    expect(ledger.totals.charges).toBe(1);
  });

  test('refuses the key of another request for good', async () => {
    await provide();
    await charge();
    const refused = { code: 'CALL_REFUSED' };
    await expect(charge({ ...order, amountCents: 1 })).rejects.toMatchObject(refused);
  });

  test('charges nothing in an outage', async () => {
    await provide({}, true);
    await expect(charge()).rejects.toMatchObject({ kind: 'not-sent' });
    expect(ledger.totals.charges).toBe(0);
  });

  test('has charged when the connection breaks before the answer', async () => {
    await provide({ answer: 'cut' });
    await expect(charge()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(ledger.totals.charges).toBe(1);
    expect(await charge()).toMatchObject({ state: 'APPROVED' });
  });

  test('times out when the answer never comes, having charged', async () => {
    await provide({ answer: 'hang' });
    const abort = new AbortController();
    const charged = charge(order, abort.signal);
    const settled = expect(charged).rejects.toMatchObject({ kind: 'timeout' });
    await expect.poll(() => ledger.totals.charges).toBe(1);
    abort.abort();
    await settled;
  });

  test('says that nothing was sent when nobody listens', async () => {
    await provide();
    server?.close();
    await expect(charge()).rejects.toMatchObject({ kind: 'not-sent' });
  });
});

describe('the provider', () => {
  beforeEach(() => {
    handler = payments;
  });

  test('refuses a charge without a key', async () => {
    const url = await provide();
    const body = JSON.stringify(order);
    const { status } = await fetch(`${url}/charges`, { method: 'POST', body });
    expect(status).toBe(400);
    expect(ledger.totals.charges).toBe(0);
  });

  test('streams every entry of the ledger', async () => {
    const url = await provide();
    await charge();
    const text = await (await fetch(`${url}/ledger/charges`)).text();
    expect(JSON.parse(text)).toMatchObject({ key: 'charge-o1', cents: 1500, state: 'APPROVED' });
    expect(await (await fetch(`${url}/ledger`)).json()).toEqual(ledger.totals);
  });
});

test('payments.ts names the variable when the URL is missing', async () => {
  await provide();
  delete process.env['PAYMENTS_URL'];
  const signal = new AbortController().signal;
  await expect(payments(order, { idempotencyKey: 'k', signal, attempt: 1 })).rejects.toThrow(
    'PAYMENTS_URL is not set: set it to the http URL of the payment provider',
  );
});
