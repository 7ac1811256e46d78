import { describe, expect, test } from 'vitest';
import { CallFailure } from '../../../processors/index.ts';
import { ProcessingError } from '../../../topology/core/errors.ts';
import { callLog, Provider, startCharging, valuesOf } from './payments.ts';

const order = { key: 'o1', value: 500, time: 0 };
const never = (): Promise<never> => new Promise(() => {});
const retry = '{ attempts: 3, backoff: 10ms, max: 10ms, jitter: none }';

/** Answers the first request only after the charge, when nobody waits any more; the others as `next` says. */
function lateThen(next: () => void): Provider {
  const provider = new Provider();
  provider.before = () => {
    if (provider.asked.length > 1) next();
  };
  provider.after = never;
  return provider;
}

const refuse = (): never => {
  throw new CallFailure('refused', 'the order is closed');
};
const stumble = (): never => {
  throw new ProcessingError('ORDER_ODD', 'an odd order');
};

describe('a call that is refused', () => {
  test.each([
    ['the service', refuse, 'the order is closed'],
    ['its own handler', stumble, 'an odd order'],
  ])('by %s after a request that may have arrived is unknown', async (_, next, why) => {
    const driver = await startCharging({ retry }, lateThen(next));
    await driver.send('orders', order);
    await driver.advance('2s');
    expect(await valuesOf(driver, 'unclear')).toEqual([500]);
    expect(await driver.all('pay.dead-letters')).toEqual([]);
    expect(await callLog(driver)).toMatchObject([
      {
        outcome: 'unknown',
        reason: `an earlier request may have arrived, and this one failed: ${why}`,
        attempts: 2,
        decidedBy: 'runtime',
      },
    ]);
    await driver.close();
  });

  test('after a request that may have arrived is parked, and asks again', async () => {
    const provider = lateThen(refuse);
    const driver = await startCharging(
      { retry, unknown: '{ park: 5m, times: 1, then: undecided }' },
      provider,
    );
    await driver.send('orders', order);
    await driver.advance('2s');
    expect(driver.callStatus()).toMatchObject([{ parked: 1 }]);
    provider.before = () => {};
    provider.after = () => {};
    await driver.advance('5m');
    expect(await valuesOf(driver, 'paid')).toEqual([500]);
    expect(await driver.all('pay.dead-letters')).toEqual([]);
    await driver.close();
  });

  test('after a crash is unknown: nobody knows what went out before', async () => {
    const provider = lateThen(refuse);
    const driver = await startCharging({}, provider);
    await driver.send('orders', order);
    await driver.settle();
    await driver.crash();
    await driver.settle();
    expect(provider.asked).toHaveLength(2);
    expect(await valuesOf(driver, 'unclear')).toEqual([500]);
    expect(await driver.all('pay.dead-letters')).toEqual([]);
    await driver.close();
  });

  test('by a look-up is unknown: a look-up undoes nothing', async () => {
    const provider = new Provider();
    provider.after = never;
    const driver = await startCharging({ effect: 'lookup', retry }, provider, {
      lookup: true,
    });
    provider.lookupHook = refuse;
    await driver.send('orders', order);
    await driver.advance('2s');
    expect(await valuesOf(driver, 'unclear')).toEqual([500]);
    expect(await driver.all('pay.dead-letters')).toEqual([]);
    await driver.close();
  });

  test('goes to the dead letters where a look-up said that nothing had arrived', async () => {
    const provider = new Provider();
    provider.before = () => (provider.asked.length > 1 ? refuse() : never());
    const driver = await startCharging({ effect: 'lookup', retry }, provider, {
      lookup: true,
    });
    await driver.send('orders', order);
    await driver.advance('5s');
    expect(await driver.all('pay.dead-letters')).toHaveLength(1);
    expect(await callLog(driver)).toMatchObject([{ outcome: 'failed', decidedBy: 'service' }]);
    await driver.close();
  });

  test('goes to the dead letters where all requests before were not sent', async () => {
    const provider = new Provider();
    provider.before = () => {
      if (provider.asked.length > 3) refuse();
      throw new CallFailure('not-sent', 'refused to connect');
    };
    const driver = await startCharging({ retry }, provider);
    await driver.send('orders', order);
    await driver.advance('2s');
    expect(await driver.all('pay.dead-letters')).toHaveLength(1);
    expect(await valuesOf(driver, 'unclear')).toEqual([]);
    await driver.close();
  });
});
