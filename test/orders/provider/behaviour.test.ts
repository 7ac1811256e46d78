import { describe, expect, test } from 'vitest';
import { compileBehaviour } from '../../../processors/orders/provider/behaviour.ts';
import type { BehaviourSettings } from '../../../processors/orders/provider/behaviour.ts';

const settings: BehaviourSettings = {
  seed: 7,
  latencyMs: 10,
  declineRate: 0.1,
  cutRate: 0.2,
  outage: undefined,
  answers: 'by-turn',
};
const keys = Array.from({ length: 5000 }, (_, i) => `charge-${i}`);

describe('compileBehaviour', () => {
  test('gives the same fates for the same seed and turns', () => {
    const fates = () => {
      const behaviour = compileBehaviour(settings);
      return keys.slice(0, 50).map((key) => behaviour.next(key));
    };
    expect(fates()).toEqual(fates());
  });

  test('approves by the key alone when answers are by key', () => {
    const behaviour = compileBehaviour({ ...settings, answers: 'by-key' });
    const forward = keys.map((key) => behaviour.next(key).state);
    const backward = keys.toReversed().map((key) => behaviour.next(key).state);
    expect(backward.toReversed()).toEqual(forward);
  });

  test('keeps to the rates and the mean latency over many charges', () => {
    const behaviour = compileBehaviour(settings);
    const fates = keys.map((key) => behaviour.next(key));
    const share = (matches: number): number => matches / fates.length;
    expect(share(fates.filter(({ state }) => state === 'DECLINED').length)).toBeCloseTo(0.1, 1);
    expect(share(fates.filter(({ answer }) => answer === 'cut').length)).toBeCloseTo(0.1, 1);
    expect(share(fates.filter(({ answer }) => answer === 'hang').length)).toBeCloseTo(0.1, 1);
    const mean = fates.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / fates.length;
    expect(Math.round(mean)).toBe(10);
  });

  test('is out for the given time in each period, and never without an outage', () => {
    const behaviour = compileBehaviour({ ...settings, outage: { everyMs: 1000, forMs: 200 } });
    for (const period of [0, 1, 2]) {
      const out = Array.from({ length: 1000 }, (_, ms) => behaviour.outage(period * 1000 + ms));
      expect(out.filter(Boolean)).toHaveLength(200);
    }
    expect(compileBehaviour(settings).outage(500)).toBe(false);
  });
});
