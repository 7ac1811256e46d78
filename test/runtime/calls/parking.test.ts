import { describe, expect, test } from 'vitest';
import { CallFailure } from '../../../processors/index.ts';
import { encodeResolution, type Resolution } from '../../../runtime/calls/resolution.ts';
import type { TopologyDriver } from '../../../runtime/testing/index.ts';
import { callLog, Provider, startCharging, valuesOf } from './payments.ts';

const setup = {
  retry: '{ attempts: 2, backoff: 10ms, max: 10ms, jitter: none }',
  unknown: '{ park: 5m, times: 2, then: undecided }',
};
const order = { key: 'o1', value: 500, time: 0 };

function outOfOrder(provider: Provider, keys: readonly string[] = ['o1-500']): void {
  provider.before = (key) => {
    if (keys.includes(key)) throw new CallFailure('unavailable', 'busy');
  };
}

async function decide(
  driver: TopologyDriver,
  result: Resolution['result'],
  more: Partial<Resolution> = {},
): Promise<void> {
  const [row] = driver.rows('charge-journal');
  const { key, value } = encodeResolution({
    call: `charge/${row?.partition ?? 0}/0`,
    idempotencyKey: 'o1-500',
    sinceMs: 0,
    result,
    note: 'seen in the ledger',
    ...more,
  });
  await driver.send('pay-call-resolutions', { key, value });
  await driver.settle();
}

const approved = { kind: 'reply', reply: { state: 'APPROVED' } } as const;

describe('a parked call', () => {
  test('asks again with the same key after each pause, then is undecided', async () => {
    const provider = new Provider();
    outOfOrder(provider);
    const driver = await startCharging(setup, provider);
    await driver.send('orders', order);
    await driver.advance('5m');
    expect(provider.asked).toHaveLength(2);
    await driver.advance('10ms');
    expect(provider.asked).toHaveLength(3);
    await driver.advance('5m');
    expect(await valuesOf(driver, 'unclear')).toEqual([]);
    await driver.advance('1s');
    expect(provider.asked).toEqual(Array.from({ length: 6 }, () => 'o1-500'));
    expect(await valuesOf(driver, 'unclear')).toEqual([500]);
    expect(await callLog(driver)).toEqual([
      {
        call: expect.stringMatching(/^charge\/[0-2]\/0$/) as unknown,
        idempotencyKey: 'o1-500',
        outcome: 'unknown',
        request: { order: 'o1', cents: 500 },
        reason: 'busy',
        attempts: 6,
        decidedBy: 'runtime',
        since: '1970-01-01T00:00:00.000Z',
        ended: '1970-01-01T00:10:00.030Z',
      },
    ]);
    await driver.close();
  });

  test('waits out its pause across crashes, and no longer', async () => {
    const provider = new Provider();
    outOfOrder(provider);
    const driver = await startCharging(setup, provider);
    await driver.send('orders', order);
    await driver.advance('1s');
    for (let i = 0; i < 4; i++) {
      await driver.advance('1m');
      await driver.crash();
    }
    await driver.advance('59s');
    expect(provider.asked).toHaveLength(2);
    await driver.advance('10ms');
    expect(provider.asked).toHaveLength(3);
    await driver.close();
  });

  test('blocks its key only, holds no slot, and says so', async () => {
    const provider = new Provider();
    outOfOrder(provider);
    const driver = await startCharging(
      { ...setup, concurrency: '{ limit: 1, order: per-key }' },
      provider,
    );
    await driver.send('orders', order, { key: 'o1', value: 1 }, { key: 'o2', value: 2 });
    await driver.advance('1m');
    expect(await valuesOf(driver, 'paid')).toEqual([2]);
    expect(driver.callStatus()).toMatchObject([{ inFlight: 0, waiting: 1, parked: 1, held: 0 }]);
    provider.before = () => {};
    await driver.advance('5m');
    expect(await valuesOf(driver, 'paid')).toEqual([1, 2, 500]);
    await driver.close();
  });

  test('ends as a person decides, once, however often that is read', async () => {
    const provider = new Provider();
    outOfOrder(provider);
    const driver = await startCharging(setup, provider);
    await driver.send('orders', order);
    await driver.advance('1m');
    await decide(driver, approved);
    expect(await valuesOf(driver, 'paid')).toEqual([500]);
    await decide(driver, approved);
    await driver.crash();
    await driver.advance('1h');
    expect(provider.asked).toHaveLength(2);
    expect(await valuesOf(driver, 'paid')).toEqual([500]);
    expect(await callLog(driver)).toMatchObject([
      {
        outcome: 'reply',
        reply: { state: 'APPROVED' },
        attempts: 2,
        decidedBy: 'operator',
        note: 'seen in the ledger',
      },
    ]);
    await driver.close();
  });

  test('ends as was decided while the application stood still, before anything is sent', async () => {
    const provider = new Provider();
    provider.after = () => new Promise(() => {});
    const driver = await startCharging(setup, provider);
    await driver.send('orders', order);
    await driver.settle();
    const [row] = driver.rows('charge-journal');
    const { key, value } = encodeResolution({
      call: `charge/${row?.partition ?? 0}/0`,
      idempotencyKey: 'o1-500',
      sinceMs: 0,
      result: { kind: 'unknown', reason: 'nobody can tell' },
      note: '',
    });
    await driver.send('pay-call-resolutions', { key, value });
    await driver.crash();
    await driver.settle();
    expect(provider.asked).toHaveLength(1);
    expect(await valuesOf(driver, 'unclear')).toEqual([500]);
    await driver.close();
  });

  test('ends as was decided first that fits, while the application stood still', async () => {
    const provider = new Provider();
    provider.after = () => new Promise(() => {});
    const driver = await startCharging(setup, provider);
    await driver.send('orders', order);
    await driver.settle();
    const [row] = driver.rows('charge-journal');
    const misfit = { kind: 'reply', reply: { state: 7 } } as const;
    for (const result of [misfit, approved, { kind: 'unknown', reason: 'no' } as const]) {
      const call = `charge/${row?.partition ?? 0}/0`;
      const ids = { call, idempotencyKey: 'o1-500', sinceMs: 0 };
      await driver.send('pay-call-resolutions', encodeResolution({ ...ids, result, note: '' }));
    }
    await driver.crash();
    await driver.settle();
    expect(await valuesOf(driver, 'paid')).toEqual([500]);
    expect(await valuesOf(driver, 'unclear')).toEqual([]);
    await driver.close();
  });

  test.each([
    ['another key', { idempotencyKey: 'o2-1' }],
    ['a call of the same number, before a reset', { sinceMs: 77 }],
    ['a stage that is none', { call: 'charging/0/0' }],
    ['a reply that does not fit', { result: { kind: 'reply', reply: { state: 7 } } }],
  ] as const)('is not ended by a decision about %s', async (_, more) => {
    const provider = new Provider();
    outOfOrder(provider);
    const driver = await startCharging(setup, provider);
    await driver.send('orders', order);
    await driver.advance('1m');
    await decide(driver, approved, more);
    expect(driver.callStatus()).toMatchObject([{ parked: 1 }]);
    expect(await valuesOf(driver, 'paid')).toEqual([]);
    await driver.close();
  });
});
