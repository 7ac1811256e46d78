import { describe, expect, test } from 'vitest';
import type { CrashPoint, TopologyDriver } from '../../../runtime/testing/index.ts';
import { seededRandom } from '../../../topology/core/random.ts';
import { callLog, Provider, startCharging, valuesOf } from './payments.ts';

const chunk = 20;
const all = Array.from({ length: 1000 }, (_, i) => ({
  key: `o${i % 97}`,
  value: 10_000 + 7 * i,
  time: i,
}));
const never = (): Promise<never> => new Promise(() => {});

/** Steps of a call, and how the engine is made to crash there once in each chunk. */
const steps: readonly (readonly [
  step: string,
  arm: (driver: TopologyDriver, provider: Provider, random: () => number) => void,
])[] = [
  ['before the intent is committed', at('commit.begin')],
  ['after the intent is committed, before anything is sent', at('commit.applied')],
  ['while the request is under way', at('call.issued', chunk)],
  [
    'after the provider acted, before the reply',
    (_driver, provider, random) => {
      const acts = provider.asked.length + 1 + Math.floor(random() * 10);
      provider.after = async () => {
        if (provider.asked.length >= acts) await never();
      };
    },
  ],
  ['after the reply, before its commit', at('call.replied', chunk)],
  ['after the commit of the reply', at('commit.logged', 2)],
];

function at(point: CrashPoint, within = 1) {
  return (driver: TopologyDriver, _: Provider, random: () => number): void => {
    driver.crashAt(point, Math.floor(random() * within));
  };
}

interface Effect {
  readonly effect: string;
  readonly retry?: string;
  /** The provider does not honour keys. */
  readonly forgetful: boolean;
  readonly count: number;
}

const effects: readonly Effect[] = [
  { effect: '{ idempotent: { window: 24h } }', forgetful: false, count: 1000 },
  { effect: 'lookup', forgetful: true, count: 300 },
  { effect: 'at-most-once', retry: '{ attempts: 1 }', forgetful: true, count: 300 },
];

async function run(
  { effect, retry, forgetful, count }: Effect,
  [step, arm]: (typeof steps)[number],
): Promise<{ readonly driver: TopologyDriver; readonly provider: Provider }> {
  const random = seededRandom(step.length);
  const provider = new Provider();
  const setup = { effect, ...(retry === undefined ? {} : { retry }) };
  const driver = await startCharging(setup, provider, { lookup: true });
  for (let i = 0; i < count; i += chunk) {
    arm(driver, provider, random);
    await driver.send('orders', ...all.slice(i, i + chunk));
    await driver.settle();
    if (provider.after !== settled) await driver.crash();
    provider.after = settled;
    if (forgetful) provider.known.clear();
    await driver.advance('2s');
    if (forgetful) provider.known.clear();
  }
  expect(driver.crashes).toBeGreaterThanOrEqual(count / chunk);
  expect(driver.openCalls).toBe(0);
  expect(driver.rows('charge-journal')).toEqual([]);
  return { driver, provider };
}

function settled(): void {}

describe.each(effects.slice(0, 2))('$count calls that are $effect', (effect) => {
  const orders = all.slice(0, effect.count);
  const cents = orders.reduce((sum, { value }) => sum + value, 0);
  const keys = orders.map(({ key, value }) => `${key}-${value}`).sort();

  test.each(steps)('are each charged once with crashes %s', async (...step) => {
    const { driver, provider } = await run(effect, step);
    expect(provider.ledger.map(({ key }) => key).sort()).toEqual(keys);
    expect(provider.ledger.reduce((sum, charge) => sum + charge.cents, 0)).toBe(cents);
    expect([...new Set(provider.asked)].sort()).toEqual(keys);
    expect(await valuesOf(driver, 'paid')).toEqual(orders.map(({ value }) => value));
    const log = await callLog(driver);
    expect(log.map(({ idempotencyKey }) => String(idempotencyKey)).sort()).toEqual(keys);
    await driver.close();
  });
});

describe('300 calls that are at-most-once', () => {
  const orders = all.slice(0, 300);

  test.each(steps)('are charged once or not, and told, with crashes %s', async (...step) => {
    const { driver, provider } = await run(effects[2] as Effect, step);
    const charged = provider.ledger.map(({ key }) => key);
    expect(new Set(charged).size).toBe(charged.length);
    expect(new Set(provider.asked).size).toBe(provider.asked.length);
    const paid = await valuesOf(driver, 'paid');
    const unclear = await valuesOf(driver, 'unclear');
    expect([...paid, ...unclear].sort((a, b) => Number(a) - Number(b))).toEqual(
      orders.map(({ value }) => value),
    );
    expect(charged.length).toBeGreaterThanOrEqual(paid.length);
    await driver.close();
  });
});
