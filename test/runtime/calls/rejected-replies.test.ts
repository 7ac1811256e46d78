import { mergeMap } from 'rxjs';
import { expect, test } from 'vitest';
import { mapAsync, type ProcessStage, type StreamRecord } from '../../../processors/index.ts';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import { definitionOf, errorHeaders } from '../topology.ts';

type Num = StreamRecord<string, number>;

const schemas = [
  `{ "type": "record", "name": "pay.Request", "fields": [ { "name": "order", "type": "string" } ] }`,
  `{ "type": "record", "name": "pay.Reply", "fields": [ { "name": "state",
    "type": { "type": "enum", "name": "pay.State", "symbols": ["APPROVED"] } } ] }`,
].map((text, i) => ({ file: `${i}.avsc`, text }));

const definition = definitionOf(`
application: pay
streams:
  orders: { topic: orders, key: string, value: long }
  paid:   { topic: paid, key: string, value: long }
calls:
  payments: { request: pay.Request, reply: pay.Reply }
stages:
  charge:
    from: orders
    call: payments
    request: { order: key }
    idempotency-key: key
    timeout: 1s
    retry: { attempts: unlimited, backoff: 10ms, max: 100ms }
    concurrency: { limit: 8, order: per-key }
    outcomes:
      match: reply.state
      APPROVED: { out: approved }
      unknown: { out: undecided }
  look: { in: { in: charge.approved }, process: look, out: { out: { key: string, value: long } } }
  send: { from: [look.out, charge.undecided], to: paid }
errors: { default: { dead-letter: pay.dead-letters } }
`);

test('a stage that rejects what came of replies later on gives each its own bytes', async () => {
  const look: ProcessStage<{ readonly in: Num }, { readonly out: Num }> = (inputs, context) => ({
    out: inputs.in.pipe(
      mapAsync({ concurrency: 8, order: 'per-key' }, async (it) => {
        await new Promise(setImmediate);
        return it;
      }),
      mergeMap((it) => {
        context.deadLetter(it, 'unwanted');
        return [];
      }),
    ),
  });
  const driver = await TopologyDriver.start({
    definition,
    schemas,
    functions: { look },
    calls: { payments: async () => ({ state: 'APPROVED' }) },
    partitions: 1,
  });
  const orders = ['a', 'b', 'c'].map((key, i) => ({ key, value: i, time: i }));
  await driver.send('orders', ...orders);
  await driver.settle();
  const letters = await driver.all('pay.dead-letters');
  expect(letters.map(({ key, time }) => [String(key), time])).toEqual([
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ]);
  await driver.close();
});

test.each([
  ['small', 10, true],
  ['too large', 300_000, false],
])('a letter bears its call, if the call is not too large: %s', async (_, length, bears) => {
  const look: ProcessStage<{ readonly in: Num }, { readonly out: Num }> = (inputs, context) => ({
    out: inputs.in.pipe(
      mergeMap((it) => {
        context.deadLetter(it, 'unwanted');
        return [];
      }),
    ),
  });
  const driver = await TopologyDriver.start({
    definition,
    schemas,
    functions: { look },
    calls: { payments: async () => ({ state: 'APPROVED' }) },
    partitions: 1,
  });
  await driver.send('orders', {
    key: 'k',
    value: 1,
    time: 1,
    headers: [['long', Buffer.alloc(length)]],
  });
  await driver.settle();
  const [letter] = await driver.all('pay.dead-letters');
  const headers = errorHeaders(letter ?? { headers: [] });
  expect(headers['origin']).toBe('rejected-reply');
  expect('call-intent' in headers).toBe(bears);
  expect(headers['call-stage']).toBe(bears ? 'charge' : undefined);
  await driver.close();
});
