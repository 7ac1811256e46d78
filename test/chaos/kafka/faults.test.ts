import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../topology/core/random.ts';
import { FaultPlan } from './faults.ts';

const sessionTimeoutMs = 6000;

function planOf(seed: number): FaultPlan {
  return new FaultPlan(seededRandom(seed), { sessionTimeoutMs, brokers: 3 });
}

function many<T>(draw: () => T): readonly T[] {
  return Array.from({ length: 400 }, draw);
}

describe('FaultPlan', () => {
  test('draws the same faults from the same seed, and others from another', () => {
    const draw = (seed: number): string => {
      const plan = planOf(seed);
      return JSON.stringify(
        many(() => [plan.member(), plan.broker(), plan.network(), plan.ambush()]),
      );
    };
    expect(draw(5)).toBe(draw(5));
    expect(draw(5)).not.toBe(draw(6));
  });

  test('kills, freezes and sends away members, within and past their sessions', () => {
    const plan = planOf(1);
    const faults = many(() => plan.member());
    const away = faults.flatMap((it) => (it.kind === 'freeze' ? [] : [it.awayMs]));
    const frozen = faults.flatMap((it) => (it.kind === 'freeze' ? [it] : []));
    const fresh = faults.flatMap((it) => (it.kind === 'leave' ? [it.fresh] : []));
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['kill', 'freeze', 'leave']));
    expect(Math.min(...away)).toBeLessThan(sessionTimeoutMs);
    expect(Math.max(...away)).toBeGreaterThan(sessionTimeoutMs);
    expect(new Set(fresh)).toEqual(new Set([true, false]));
    for (const { long, forMs } of frozen) {
      if (long) expect(forMs).toBeGreaterThan(sessionTimeoutMs);
      else expect(forMs).toBeLessThanOrEqual(sessionTimeoutMs / 2);
    }
  });

  test('takes away each broker, one at a time, in every way', () => {
    const plan = planOf(2);
    const faults = many(() => plan.broker());
    expect(new Set(faults.map(({ broker }) => broker))).toEqual(new Set([1, 2, 3]));
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['kill', 'stop', 'freeze']));
  });

  test('disturbs the connections of each broker in every way', () => {
    const plan = planOf(3);
    const faults = many(() => plan.network());
    const kinds = new Set(faults.map(({ kind }) => kind));
    expect(new Set(faults.map(({ broker }) => broker))).toEqual(new Set([1, 2, 3]));
    expect(kinds).toEqual(new Set(['cut', 'slow', 'stall', 'refuse']));
  });

  test('lays ambushes at every point of a commit, and of no other transaction', () => {
    const plan = planOf(4);
    const ambushes = many(() => plan.ambush());
    const points = new Set(ambushes.map((it) => it?.point));
    expect(points).toEqual(
      new Set([
        undefined,
        'commit.begin',
        'commit.running',
        'commit.logged',
        'apply.running',
        'apply.done',
      ]),
    );
    expect(new Set(ambushes.map((it) => it?.signal))).toEqual(
      new Set([undefined, 'SIGKILL', 'SIGSTOP']),
    );
  });
});
