import { describe, expect, test } from 'vitest';
import { CallFailure } from '../../../processors/index.ts';
import { callLog, Provider, startCharging, valuesOf } from './payments.ts';

const hour = 3_600_000;
const order = { key: 'o1', value: 500, time: 0 };
const never = (): Promise<never> => new Promise(() => {});

describe('a call that is idempotent', () => {
  test('is sent again with its key after a crash within the window', async () => {
    const provider = new Provider();
    const driver = await startCharging({}, provider);
    provider.after = never;
    await driver.send('orders', order);
    await driver.settle();
    provider.after = () => {};
    driver.clock.advanceTo(24 * hour - 1);
    await driver.crash();
    await driver.settle();
    expect(provider.asked).toEqual(['o1-500', 'o1-500']);
    expect(provider.ledger).toHaveLength(1);
    expect(await valuesOf(driver, 'paid')).toEqual([500]);
    await driver.close();
  });

  test('is held for a person when the window is over, and survives crashes so', async () => {
    const provider = new Provider();
    const driver = await startCharging({}, provider);
    provider.after = never;
    await driver.send('orders', order);
    await driver.settle();
    driver.clock.advanceTo(24 * hour);
    // It forgets keys after the window: a repeat would be another charge.
    provider.known.clear();
    for (let i = 0; i < 3; i++) {
      await driver.crash();
      await driver.settle();
    }
    expect(provider.asked).toEqual(['o1-500']);
    expect(driver.callStatus()).toEqual([
      {
        stage: 'charge',
        inFlight: 0,
        waiting: 0,
        backingOff: 0,
        parked: 0,
        held: 1,
        breaker: undefined,
      },
    ]);
    expect(await valuesOf(driver, 'unclear')).toEqual([]);
    await driver.close();
  });

  test('asks the look-up when the window is over, and takes what it finds', async () => {
    const provider = new Provider();
    const driver = await startCharging({}, provider, { lookup: true });
    provider.after = never;
    await driver.send('orders', order);
    await driver.settle();
    driver.clock.advanceTo(24 * hour);
    await driver.crash();
    await driver.settle();
    expect(provider.asked).toEqual(['o1-500']);
    expect(provider.lookedUp).toEqual(['o1-500']);
    expect(await callLog(driver)).toMatchObject([{ outcome: 'reply', decidedBy: 'look-up' }]);
    await driver.close();
  });

  test('is sent however long it could not be: nothing had gone out', async () => {
    const provider = new Provider();
    provider.before = () => {
      throw new CallFailure('not-sent', 'refused');
    };
    const driver = await startCharging(
      { retry: '{ attempts: 1, backoff: 1h, max: 1h, jitter: none }' },
      provider,
    );
    await driver.send('orders', order);
    await driver.advance('30h');
    provider.before = () => {};
    await driver.advance('1h');
    expect(provider.ledger).toHaveLength(1);
    await driver.close();
  });
});

describe('a call with a look-up', () => {
  test('is looked up after a crash, one time-out later, and not sent when it is found', async () => {
    const provider = new Provider();
    const driver = await startCharging({ effect: 'lookup' }, provider, { lookup: true });
    provider.after = never;
    await driver.send('orders', order);
    await driver.settle();
    await driver.crash();
    await driver.settle();
    expect(provider.lookedUp).toEqual([]);
    await driver.advance('1s');
    expect(provider.lookedUp).toEqual(['o1-500']);
    expect(provider.asked).toEqual(['o1-500']);
    expect(await valuesOf(driver, 'paid')).toEqual([500]);
    await driver.close();
  });

  test('is sent again after a time-out only when it is certainly absent', async () => {
    const provider = new Provider();
    let trouble = true;
    provider.before = async () => {
      if (trouble) await never();
    };
    const driver = await startCharging({ effect: 'lookup' }, provider, { lookup: true });
    provider.lookupFails = true;
    await driver.send('orders', order);
    await driver.advance('3s');
    expect(provider.asked).toEqual(['o1-500']);
    expect(provider.lookedUp.length).toBeGreaterThan(3);
    provider.lookupFails = false;
    trouble = false;
    await driver.advance('1s');
    expect(provider.asked).toEqual(['o1-500', 'o1-500']);
    expect(provider.ledger).toHaveLength(1);
    await driver.close();
  });

  test('cannot start without one', async () => {
    await expect(startCharging({ effect: 'lookup' }, new Provider())).rejects.toThrow(
      'call "payments" says "effect: lookup", but there is no look-up: export the function "paymentsLookup" from payments.ts',
    );
  });
});

describe('a call that is at-most-once', () => {
  const setup = { effect: 'at-most-once', retry: '{ attempts: 1 }' };

  test('is unknown after a crash while it was under way, and not sent again', async () => {
    const provider = new Provider();
    const driver = await startCharging(setup, provider);
    provider.after = never;
    await driver.send('orders', order);
    await driver.settle();
    await driver.crash();
    await driver.advance('1h');
    expect(provider.asked).toEqual(['o1-500']);
    expect(await valuesOf(driver, 'unclear')).toEqual([500]);
    expect(await callLog(driver)).toMatchObject([
      { outcome: 'unknown', reason: 'it may have been sent before a crash', decidedBy: 'runtime' },
    ]);
    await driver.close();
  });

  test('is sent after a crash before it was marked', async () => {
    const provider = new Provider();
    const driver = await startCharging(setup, provider);
    // The second commit is that of the mark.
    driver.crashAt('commit.begin', 1);
    await driver.send('orders', order);
    await driver.settle();
    expect(driver.crashes).toBe(1);
    expect(provider.asked).toEqual(['o1-500']);
    expect(await valuesOf(driver, 'paid')).toEqual([500]);
    await driver.close();
  });

  test('is never sent before its mark is committed', async () => {
    const provider = new Provider();
    const driver = await startCharging(setup, provider);
    driver.crashAt('commit.logged', 1);
    await driver.send('orders', order);
    await driver.settle();
    expect(provider.asked).toEqual([]);
    expect(await valuesOf(driver, 'unclear')).toEqual([500]);
    await driver.close();
  });

  test.each(['timeout', 'unavailable', 'in-progress'] as const)(
    'is unknown after the answer %s',
    async (kind) => {
      const provider = new Provider();
      provider.before = () => {
        throw new CallFailure(kind, 'no answer');
      };
      const driver = await startCharging(setup, provider);
      await driver.send('orders', order);
      await driver.advance('1h');
      expect(provider.asked).toHaveLength(1);
      expect(await valuesOf(driver, 'unclear')).toEqual([500]);
      await driver.close();
    },
  );

  test('is tried again while nothing is sent', async () => {
    const provider = new Provider();
    provider.before = () => {
      if (provider.asked.length < 5) throw new CallFailure('not-sent', 'refused');
    };
    const driver = await startCharging(setup, provider);
    await driver.send('orders', order);
    await driver.advance('5m');
    expect(provider.asked).toHaveLength(5);
    expect(await callLog(driver)).toMatchObject([{ outcome: 'reply', attempts: 1 }]);
    await driver.close();
  });
});

test('a call that is at-least-once is made twice by a provider without keys', async () => {
  const provider = new Provider();
  const driver = await startCharging({ effect: 'at-least-once' }, provider);
  provider.after = never;
  await driver.send('orders', order);
  await driver.settle();
  provider.known.clear();
  provider.after = () => {};
  await driver.crash();
  await driver.settle();
  expect(provider.ledger).toHaveLength(2);
  expect(await valuesOf(driver, 'paid')).toEqual([500]);
  await driver.close();
});
