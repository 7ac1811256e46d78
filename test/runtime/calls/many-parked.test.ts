import { describe, expect, test } from 'vitest';
import { CallFailure } from '../../../processors/index.ts';
import { Provider, startCharging, valuesOf } from './payments.ts';

const setup = {
  retry: '{ attempts: 1, backoff: 10ms, max: 10ms, jitter: none }',
  unknown: '{ park: 5m, times: 2, then: undecided }',
};

/** Keeps the requests of orders whose names begin with "busy" from getting through. */
function busyProvider(): Provider {
  const provider = new Provider();
  provider.before = (key) => {
    if (key.startsWith('busy')) throw new CallFailure('unavailable', 'busy');
  };
  return provider;
}

const options = {
  partitions: 1,
  options: { 'max-open-calls': 5, 'max-parked-calls': 20, 'batch-records': 1 },
} as const;

const orders = (name: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ key: `${name}${from + i}`, value: from + i }));

describe('calls of one task that are parked', () => {
  test('let their inputs go on while they are fewer than max-parked-calls', async () => {
    const driver = await startCharging(setup, busyProvider(), options);
    await driver.send('orders', ...orders('busy', 19));
    await driver.send('orders', ...orders('o', 10));
    await driver.advance('1s');
    expect(await valuesOf(driver, 'paid')).toHaveLength(10);
    expect(driver.callStatus()).toMatchObject([{ parked: 19 }]);
    expect(driver.callStatus()[0]?.inputsPaused).toBeUndefined();
    await driver.close();
  });

  test('pause their inputs when they are so many, and say so, until there is room again', async () => {
    const provider = busyProvider();
    const driver = await startCharging(setup, provider, options);
    await driver.send('orders', ...orders('busy', 60));
    await driver.send('orders', ...orders('o', 10));
    await driver.advance('1s');
    expect(driver.openCalls).toBeLessThanOrEqual(25);
    expect(driver.callStatus()).toMatchObject([{ inputsPaused: true }]);
    expect(await valuesOf(driver, 'paid')).toEqual([]);
    provider.before = () => {};
    await driver.advance('6m');
    expect(await valuesOf(driver, 'paid')).toHaveLength(70);
    expect(driver.callStatus()[0]?.inputsPaused).toBeUndefined();
    await driver.close();
  });

  test('do not pause other keys by what waits behind them', async () => {
    const driver = await startCharging(setup, busyProvider(), options);
    const behind = Array.from({ length: 15 }, (_, i) => ({ key: 'busy', value: 100 + i }));
    await driver.send('orders', ...behind);
    await driver.advance('1s');
    expect(driver.callStatus()).toMatchObject([{ parked: 1, waiting: 14 }]);
    await driver.send('orders', ...orders('o', 10));
    await driver.advance('1s');
    expect(await valuesOf(driver, 'paid')).toHaveLength(10);
    await driver.close();
  });
});
