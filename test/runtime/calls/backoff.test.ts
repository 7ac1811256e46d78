import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../../runtime/calls/backoff.ts';

const retry = { backoffMs: 200, maxMs: 5000, jitter: 'none' } as const;

describe('backoffMs', () => {
  test.each([
    [1, 200],
    [2, 400],
    [3, 800],
    [5, 3200],
    [6, 5000],
    [7, 5000],
    [5000, 5000],
  ])('doubles up to the maximum: after failure %i %i ms', (failures, ms) => {
    expect(backoffMs(retry, failures, () => 0.5)).toBe(ms);
  });

  test('lies between 0 and the ceiling with full jitter, whole milliseconds', () => {
    const jittered = { ...retry, jitter: 'full' } as const;
    expect(backoffMs(jittered, 1, () => 0)).toBe(0);
    expect(backoffMs(jittered, 1, () => 0.9999)).toBe(199);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, random) => {
          const ms = backoffMs(jittered, failures, () => random);
          expect(Number.isInteger(ms)).toBe(true);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThan(backoffMs(retry, failures, () => 0));
        },
      ),
    );
  });
});
