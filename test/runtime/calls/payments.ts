import { type CallContext, CallFailure } from '../../../processors/index.ts';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import type { DriverOptions } from '../../../runtime/testing/topology-driver.ts';
import { definitionOf } from '../topology.ts';

/** The schemas of {@link chargeDefinition}. */
export const paymentSchemas = [
  `{ "type": "record", "name": "pay.Request", "fields": [
    { "name": "order", "type": "string" }, { "name": "cents", "type": "long" } ] }`,
  `{ "type": "record", "name": "pay.Reply", "fields": [ { "name": "state",
    "type": { "type": "enum", "name": "pay.State", "symbols": ["APPROVED", "DECLINED"] } } ] }`,
].map((text, i) => ({ file: `${i}.avsc`, text }));

/** What a test says of the call stage `charge`; the rest is as below. */
export interface ChargeSetup {
  readonly effect?: string;
  readonly retry?: string;
  readonly breaker?: string;
  readonly concurrency?: string;
  readonly unknown?: string;
}

/** A topology that charges orders: `orders` to `paid`, `declined` and `unclear`, by the call `payments` of stage `charge`. */
export function chargeDefinition({
  effect = '{ idempotent: { window: 24h } }',
  retry = '{ attempts: unlimited, backoff: 10ms, max: 100ms }',
  breaker,
  concurrency = '{ limit: 8, order: per-key }',
  unknown = '{ out: undecided }',
}: ChargeSetup = {}): DriverOptions['definition'] {
  return definitionOf(`
application: pay
streams:
  orders:   { topic: orders, key: string, value: long }
  paid:     { topic: paid, key: string, value: long }
  declined: { topic: declined, key: string, value: long }
  unclear:  { topic: unclear, key: string, value: long }
calls:
  payments: { request: pay.Request, reply: pay.Reply, effect: ${effect} }
stages:
  charge:
    from: orders
    call: payments
    request: { order: key, cents: value }
    idempotency-key: key + "-" + string(value)
    timeout: 1s
    retry: ${retry}
${breaker === undefined ? '' : `    breaker: ${breaker}\n`}    concurrency: ${concurrency}
    outcomes:
      match: reply.state
      APPROVED: { out: approved }
      DECLINED: { out: refused }
      unknown: ${unknown}
  send-paid:     { from: charge.approved, to: paid }
  send-declined: { from: charge.refused, to: declined }
  send-unclear:  { from: charge.undecided, to: unclear }
errors: { default: { dead-letter: pay.dead-letters } }
`);
}

/** One charge in the ledger. */
export interface Charge {
  readonly key: string;
  readonly order: string;
  readonly cents: number;
}

/**
 * A payment provider with a ledger: it charges once for each key, as long as it knows it. `before` and `after` are asked at each request, around the charge:
 * what they throw or wait for is what the client sees.
 */
export class Provider {
  readonly ledger: Charge[] = [];
  /** Keys of all requests that came in, in order. */
  readonly asked: string[] = [];
  readonly lookedUp: string[] = [];
  /** Keys that the provider still knows. */
  readonly known = new Map<string, Charge>();
  before: (key: string) => void | Promise<void> = () => {};
  after: (key: string) => void | Promise<void> = () => {};
  lookupFails = false;
  /** Asked at each look-up: what it throws is what the client sees. */
  lookupHook: () => void = () => {};

  readonly charge = async (
    request: unknown,
    { idempotencyKey: key }: CallContext,
  ): Promise<unknown> => {
    this.asked.push(key);
    await this.before(key);
    if (!this.known.has(key)) {
      const charge = { key, ...(request as { order: string; cents: number }) };
      this.ledger.push(charge);
      this.known.set(key, charge);
    }
    await this.after(key);
    return { state: 'APPROVED' };
  };

  readonly lookup = async (
    _request: unknown,
    { idempotencyKey: key }: CallContext,
  ): Promise<unknown> => {
    this.lookedUp.push(key);
    this.lookupHook();
    if (this.lookupFails) throw new CallFailure('unavailable', 'no look-ups today');
    return this.ledger.some((charge) => charge.key === key)
      ? { found: { state: 'APPROVED' } }
      : 'absent';
  };
}

/** A driver of {@link chargeDefinition} with a provider. */
export function startCharging(
  setup: ChargeSetup,
  provider: Provider,
  options: Partial<DriverOptions> & { readonly lookup?: true } = {},
): Promise<TopologyDriver> {
  const { lookup, ...more } = options;
  return TopologyDriver.start({
    definition: chargeDefinition(setup),
    schemas: paymentSchemas,
    functions: {
      payments: provider.charge,
      ...(lookup === undefined ? {} : { 'payments-lookup': provider.lookup }),
    },
    ...more,
  });
}

/** Entries of the call log, in order of their end. */
export async function callLog(driver: TopologyDriver): Promise<Record<string, unknown>[]> {
  const records = await driver.all('pay-charge-calls');
  return records
    .map(({ value }) => JSON.parse(String(value)) as Record<string, unknown>)
    .sort((a, b) => (String(a['ended']) < String(b['ended']) ? -1 : 1));
}

/** Values of a stream, sorted. */
export async function valuesOf(driver: TopologyDriver, stream: string): Promise<unknown[]> {
  return (await driver.all(stream)).map(({ value }) => value).sort((a, b) => Number(a) - Number(b));
}
