import { describe, expect, test } from 'vitest';
import { HaltGuard } from '../../../runtime/engine/halt-guard.ts';

const rule = { share: 0.05, records: 100, perMs: 60_000 };

describe('HaltGuard', () => {
  test('stops above the share, not at it', () => {
    const guard = new HaltGuard(rule);
    guard.observe(100, 5, 0);
    expect(() => guard.observe(0, 1, 0, new Error('no way'))).toThrow(
      '6 of 100 records failed within 60000 ms, more than the 5 % of halt-above; the last one: no way. ' +
        'Mend the cause and start again: nothing is lost, and what is not in the dead letters yet is read again',
    );
  });

  test('does not stop before so many records were taken', () => {
    const guard = new HaltGuard(rule);
    guard.observe(99, 99, 0);
    expect(() => guard.observe(1, 1, 0)).toThrow('100 of 100 records failed');
  });

  test('forgets what is longer ago than its time', () => {
    const guard = new HaltGuard(rule);
    guard.observe(90, 5, 0);
    guard.observe(110, 3, 60_000);
    // Those of 0 ms count no more: 6 of 120, not 11 of 210.
    guard.observe(10, 3, 60_001);
    expect(() => guard.observe(0, 1, 60_002)).toThrow('7 of 120 records failed');
  });

  test('adds up what lies within its time', () => {
    const guard = new HaltGuard(rule);
    guard.observe(90, 5, 0);
    expect(() => guard.observe(10, 1, 58_000)).toThrow('6 of 100 records failed');
  });

  test('stops at the first failure where the share is 0', () => {
    const guard = new HaltGuard({ share: 0, records: 1, perMs: 1 });
    guard.observe(1000, 0, 0);
    expect(() => guard.observe(1, 1, 0)).toThrow('1 of 1001 records failed');
  });
});
