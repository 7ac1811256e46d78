import { describe, expect, test } from 'vitest';
import { CallFailure, type CallHandler } from '../../../processors/index.ts';
import { seededRandom } from '../../../topology/core/random.ts';
import { type CrashPoint, TopologyDriver } from '../../../runtime/testing/index.ts';
import { StreamsError } from '../../../topology/core/errors.ts';
import { errorHeaders } from '../topology.ts';
import { chargeDefinition, paymentSchemas } from './payments.ts';

/** A service that honours idempotency keys: a charge is made once, and its answer repeated. */
class Service {
  readonly charges: { readonly key: string; readonly order: string; readonly cents: number }[] = [];
  readonly answers = new Map<string, { readonly state: string }>();
  requests = 0;
  private readonly random: () => number;
  private readonly trouble: number;

  /** `trouble` is the share of requests that fail, before or after the charge. */
  constructor(seed: number, trouble = 0) {
    this.random = seededRandom(seed);
    this.trouble = trouble;
  }

  readonly handler: CallHandler = async (request, { idempotencyKey }) => {
    const { order, cents } = request as { order: string; cents: number };
    this.requests++;
    const dice = this.random();
    if (dice < this.trouble / 3) throw new CallFailure('not-sent', 'refused');
    if (dice < (2 * this.trouble) / 3) throw new CallFailure('unavailable', 'busy');
    let answer = this.answers.get(idempotencyKey);
    if (answer === undefined) {
      answer = { state: cents % 5 === 0 ? 'DECLINED' : 'APPROVED' };
      this.answers.set(idempotencyKey, answer);
      this.charges.push({ key: idempotencyKey, order, cents });
    }
    if (dice < this.trouble) throw new CallFailure('unavailable', 'lost on the way back');
    return answer;
  };
}

const orders = Array.from({ length: 200 }, (_, i) => ({
  key: `o${i % 23}`,
  value: i,
  time: i,
  headers: [['trace', Buffer.from(`t${i}`)] as const],
}));

const points: readonly CrashPoint[] = [
  'batch.completed',
  'commit.begin',
  'commit.logged',
  'commit.applied',
  'call.issued',
  'call.replied',
];

function byKey<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, T[]> {
  const result: Record<string, T[]> = {};
  for (const item of items) (result[keyOf(item)] ??= []).push(item);
  return result;
}

async function expectEveryOrderOnce(driver: TopologyDriver, service: Service): Promise<void> {
  expect(service.charges.map(({ key }) => key).sort()).toEqual(
    orders.map(({ key, value }) => `${key}-${value}`).sort(),
  );
  const values = (items: readonly { value: unknown }[]) => items.map(({ value }) => value);
  const charged = byKey(service.charges, ({ order }) => order);
  const sent = byKey(orders, ({ key }) => key);
  const paid = byKey(await driver.all('paid'), ({ key }) => key as string);
  const declined = byKey(await driver.all('declined'), ({ key }) => key as string);
  for (const [key, all] of Object.entries(sent)) {
    expect(charged[key]?.map(({ cents }) => cents)).toEqual(values(all));
    expect(values(paid[key] ?? [])).toEqual(values(all).filter((it) => Number(it) % 5 !== 0));
    expect(values(declined[key] ?? [])).toEqual(values(all).filter((it) => Number(it) % 5 === 0));
  }
  expect(driver.openCalls).toBe(0);
  expect(driver.rows('charge-journal')).toEqual([]);
  expect(driver.outcomes('charge')).toEqual({ in: 200, absorbed: 200, out: 200 });
}

describe('calls', () => {
  test.each(points)(
    'charge each order once, in order per key, with crashes at %s',
    async (point) => {
      const random = seededRandom(points.indexOf(point) + 1);
      const service = new Service(7);
      const driver = await TopologyDriver.start({
        definition: chargeDefinition(),
        schemas: paymentSchemas,
        calls: { payments: service.handler },
      });
      for (let i = 0; i < orders.length; i += 20) {
        driver.crashAt(point, Math.floor(random() * 3));
        await driver.send('orders', ...orders.slice(i, i + 20));
        await driver.settle();
      }
      expect(driver.crashes).toBeGreaterThanOrEqual(8);
      await expectEveryOrderOnce(driver, service);
      await driver.close();
    },
  );

  test('charge each order once with a service in trouble and crashes everywhere', async () => {
    const random = seededRandom(42);
    const service = new Service(43, 0.6);
    const driver = await TopologyDriver.start({
      definition: chargeDefinition(),
      schemas: paymentSchemas,
      calls: { payments: service.handler },
    });
    for (let i = 0; i < orders.length; i += 10) {
      const point = points[Math.floor(random() * points.length)] as CrashPoint;
      driver.crashAt(point, Math.floor(random() * 4));
      await driver.send('orders', ...orders.slice(i, i + 10));
      await driver.advance(50);
    }
    await driver.advance('1m');
    expect(driver.crashes).toBeGreaterThanOrEqual(10);
    expect(service.requests).toBeGreaterThan(250);
    await expectEveryOrderOnce(driver, service);
    await driver.close();
  });

  test('take a reply again whose transaction was aborted', async () => {
    const service = new Service(7);
    const driver = await TopologyDriver.start({
      definition: chargeDefinition(),
      schemas: paymentSchemas,
      calls: { payments: service.handler },
    });
    let commits = 0;
    driver.log.onCommit = async ({ positions }) => {
      if (positions.length > 0 && ++commits % 2 === 0) {
        throw new StreamsError('TRANSACTION_ABORTED', 'the test aborted it');
      }
    };
    for (let i = 0; i < orders.length; i += 20) {
      await driver.send('orders', ...orders.slice(i, i + 20));
      await driver.settle();
    }
    expect(commits).toBeGreaterThan(20);
    await expectEveryOrderOnce(driver, service);
    await driver.close();
  });

  test('carry key, headers and time of their input to the outcome', async () => {
    const driver = await TopologyDriver.start({
      definition: chargeDefinition(),
      schemas: paymentSchemas,
      calls: { payments: new Service(1).handler },
    });
    await driver.send('orders', { ...orders[7], time: 1234 });
    await driver.advance('10s');
    const [paid] = await driver.all('paid');
    expect(paid).toMatchObject({ key: 'o7', value: 7, time: 1234, headers: [['trace', {}]] });
    await driver.close();
  });

  test('issue nothing before the commit is known (E2)', async () => {
    const service = new Service(1);
    const driver = await TopologyDriver.start({
      definition: chargeDefinition(),
      schemas: paymentSchemas,
      calls: { payments: service.handler },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    driver.log.onCommit = async ({ positions }) => {
      if (positions.length > 0) await promise;
    };
    await driver.send('orders', ...orders.slice(0, 1));
    const settled = driver.settle();
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(service.requests).toBe(0);
    resolve();
    await settled;
    expect(service.requests).toBe(1);
    await driver.close();
  });

  test('end as unknown when their attempts are used up', async () => {
    const driver = await TopologyDriver.start({
      definition: chargeDefinition({ retry: '{ attempts: 2, backoff: 10ms, max: 100ms }' }),
      schemas: paymentSchemas,
      calls: {
        payments: async () => {
          throw new CallFailure('unavailable', 'busy');
        },
      },
    });
    await driver.send('orders', ...orders.slice(0, 3));
    await driver.advance('1s');
    expect(await valuesOf(driver, 'unclear')).toEqual(new Set([0, 1, 2]));
    await driver.close();
  });

  test('dead-letter the record of a request that is refused, with its raw bytes', async () => {
    const driver = await TopologyDriver.start({
      definition: chargeDefinition(),
      schemas: paymentSchemas,
      calls: {
        payments: async (request) => {
          if ((request as { cents: number }).cents === 1)
            throw new CallFailure('refused', 'no such currency');
          return { state: 'APPROVED' };
        },
      },
    });
    await driver.send('orders', ...orders.slice(0, 3));
    await driver.advance('1s');
    expect(await valuesOf(driver, 'paid')).toEqual(new Set([0, 2]));
    const letters = await driver.all('pay.dead-letters');
    expect(letters.map(({ key, time }) => [String(key), time])).toEqual([['o1', 1]]);
    expect(letters[0]?.value).toEqual(Buffer.from([0, 0, 0, 0, schemaOf(letters[0]?.value), 2]));
    expect(errorHeaders(letters[0] as NonNullable<(typeof letters)[0]>)).toMatchObject({
      exception: 'CallFailure[CALL_REFUSED]',
      message: 'no such currency',
      topic: 'orders',
      stage: 'charge',
    });
    expect(driver.rows('charge-journal')).toEqual([]);
    await driver.close();
  });
});

async function valuesOf(driver: TopologyDriver, stream: string): Promise<ReadonlySet<unknown>> {
  return new Set((await driver.all(stream)).map(({ value }) => value));
}

/** The schema id in a payload. */
function schemaOf(value: unknown): number {
  return value instanceof Uint8Array ? (value[4] ?? -1) : -1;
}
