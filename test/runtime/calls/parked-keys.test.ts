import { describe, expect, test } from 'vitest';
import { TopologyDriver, type TopicRecord } from '../../../runtime/testing/index.ts';
import { definitionOf } from '../topology.ts';
import { paymentSchemas } from './payments.ts';

/** Orders are checked, then charged; what fails the check parks its key. */
const definition = definitionOf(`
application: pay
streams:
  orders: { topic: orders, key: string, value: long }
  paid:   { topic: paid, key: string, value: long }
calls:
  payments: { request: pay.Request, reply: pay.Reply, effect: { idempotent: { window: 24h } } }
stages:
  checked: { from: orders, map-values: { use: check } }
  charge:
    from: checked
    call: payments
    request: { order: key, cents: value }
    idempotency-key: key + "-" + string(value)
    timeout: 1s
    retry: { attempts: unlimited, backoff: 10ms, max: 100ms }
    concurrency: { limit: 8, order: per-key }
    outcomes:
      match: reply.state
      APPROVED: { out: approved }
      DECLINED: { out: refused }
      unknown: { out: undecided }
    drop: [refused, undecided]
  settled:   { from: charge.approved, map-values: { use: settle } }
  send-paid: { from: settled, to: paid }
errors: { default: { dead-letter: pay.dead-letters, park-by-key: {} } }
`);

async function start(bad: ReadonlySet<number>, unsettled: ReadonlySet<number>, open = 10_000) {
  const requests: string[] = [];
  const gate: { wait: Promise<void> | undefined } = { wait: undefined };
  const driver = await TopologyDriver.start({
    definition,
    schemas: paymentSchemas,
    partitions: 1,
    options: { 'max-open-calls': open, 'batch-records': 2 },
    functions: {
      check: (value: number) => {
        if (bad.has(value)) throw new Error(`not ${value}`);
        return value;
      },
      settle: (value: number) => {
        if (unsettled.has(value)) throw new Error(`not settled: ${value}`);
        return value;
      },
    },
    calls: {
      payments: async (_request, { idempotencyKey }) => {
        requests.push(idempotencyKey);
        await gate.wait;
        return { state: 'APPROVED' };
      },
    },
  });
  return { driver, requests, gate };
}

function orders(...values: readonly number[]) {
  return values.map((value) => ({ key: 'a', value, time: value }));
}

async function paid(driver: TopologyDriver): Promise<readonly unknown[]> {
  return (await driver.all('paid')).map(({ value }) => value);
}

describe('a call below a stage that parks keys', () => {
  test('is made once for each held record, when its turn has come', async () => {
    const bad = new Set([2]);
    const { driver, requests } = await start(bad, new Set());
    await driver.send('orders', ...orders(1, 2, 3, 4, 5));
    await driver.settle();
    expect([requests, await paid(driver)]).toEqual([['a-1'], [1]]);
    bad.clear();
    const [letter] = await driver.all('pay.dead-letters');
    driver.crashAt('commit.logged');
    await driver.release(letter as TopicRecord);
    await driver.crash();
    await driver.settle();
    expect(requests).toEqual(['a-1', 'a-2', 'a-3', 'a-4', 'a-5']);
    expect(await paid(driver)).toEqual([1, 2, 3, 4, 5]);
    await driver.close();
  });

  test('parks nothing where its reply fails further down', async () => {
    const unsettled = new Set([1]);
    const { driver } = await start(new Set(), unsettled);
    await driver.pipe('orders', ...orders(1, 2));
    expect(await paid(driver)).toEqual([2]);
    expect(driver.rows('charge-parked')).toEqual([]);
    const [letter] = await driver.all('pay.dead-letters');
    await expect(driver.release(letter as TopicRecord)).rejects.toMatchObject({
      code: 'LETTER_NOT_PARKED',
    });
    await driver.close();
  });

  test('holds back the records that are released while too many calls are open', async () => {
    const bad = new Set([1]);
    const { driver, requests, gate } = await start(bad, new Set(), 2);
    await driver.send('orders', ...orders(1, 2, 3, 4, 5, 6, 7));
    await driver.settle();
    bad.clear();
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.wait = promise;
    const [letter] = await driver.all('pay.dead-letters');
    await driver.release(letter as TopicRecord);
    expect([requests, driver.openCalls]).toEqual([['a-1'], 2]);
    gate.wait = undefined;
    resolve();
    await driver.settle();
    expect(await paid(driver)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    await driver.close();
  });
});
