import { describe, expect, test } from 'vitest';
import { CallFailure } from '../../../processors/index.ts';
import { Provider, startCharging, valuesOf } from './payments.ts';

describe('calls of several keys', () => {
  test('are delayed by hung ones of their own key only, while there are fewer than slots', async () => {
    const provider = new Provider();
    provider.before = (key) => (key.startsWith('hung') ? new Promise(() => {}) : Promise.resolve());
    const driver = await startCharging({ concurrency: '{ limit: 8, order: per-key }' }, provider);
    const hung = Array.from({ length: 7 }, (_, i) => ({ key: `hung${i}`, value: i }));
    const others = Array.from({ length: 200 }, (_, i) => ({ key: `o${i}`, value: 100 + i }));
    await driver.send('orders', ...hung, ...others, { key: 'hung0', value: 99 });
    await driver.settle();
    expect(await valuesOf(driver, 'paid')).toEqual(others.map(({ value }) => value));
    expect(driver.callStatus()).toMatchObject([{ inFlight: 7, waiting: 1 }]);
    await driver.close();
  });

  test('keep the order of each key where replies come the other way round', async () => {
    const provider = new Provider();
    const open: (() => void)[] = [];
    provider.after = () =>
      new Promise((resolve) => {
        open.push(resolve);
      });
    const driver = await startCharging({}, provider);
    await driver.send(
      'orders',
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { key: 'a', value: 3 },
      { key: 'b', value: 4 },
    );
    for (let i = 0; i < 4; i++) {
      await driver.settle();
      open.pop()?.();
    }
    await driver.settle();
    while (open.length > 0) {
      open.pop()?.();
      await driver.settle();
    }
    const paid = await driver.all('paid');
    const of = (key: string) => paid.filter((it) => it.key === key).map(({ value }) => value);
    expect(of('a')).toEqual([1, 3]);
    expect(of('b')).toEqual([2, 4]);
    await driver.close();
  });
});

describe('a call that is handed over', () => {
  test('is charged once, though the request of the owner before is still under way', async () => {
    const provider = new Provider();
    const { promise, resolve } = Promise.withResolvers<void>();
    provider.before = () => promise;
    const driver = await startCharging({}, provider);
    await driver.send('orders', { key: 'o1', value: 500 });
    await driver.settle();
    await driver.crash();
    await driver.settle();
    expect(provider.asked).toEqual(['o1-500', 'o1-500']);
    // Both arrive at the provider only now.
    resolve();
    await driver.settle();
    expect(provider.ledger).toHaveLength(1);
    expect(await valuesOf(driver, 'paid')).toEqual([500]);
    await driver.close();
  });
});

describe('a breaker', () => {
  test('keeps requests back while it is open, without using up their attempts', async () => {
    const provider = new Provider();
    provider.before = () => {
      throw new CallFailure('unavailable', 'busy');
    };
    const driver = await startCharging(
      {
        retry: '{ attempts: 4, backoff: 10ms, max: 10ms, jitter: none }',
        breaker: '{ window: 10, open-at: 50%, cool-down: 15s }',
      },
      provider,
    );
    const orders = Array.from({ length: 20 }, (_, i) => ({ key: `o${i}`, value: i }));
    await driver.send('orders', ...orders);
    await driver.advance('14s');
    const sent = provider.asked.length;
    expect(sent).toBeLessThan(30);
    expect(driver.callStatus()).toMatchObject([{ breaker: 'open', inFlight: 0, backingOff: 20 }]);
    provider.before = () => {};
    await driver.advance('2s');
    expect(provider.ledger).toHaveLength(20);
    expect(driver.callStatus()).toMatchObject([{ breaker: 'closed' }]);
    expect(await valuesOf(driver, 'unclear')).toEqual([]);
    await driver.close();
  });
});
