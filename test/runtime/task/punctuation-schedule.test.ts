import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { firstDue, neverDue, nextDue } from '../../../runtime/task/punctuation-schedule.ts';

interface Schedule {
  readonly name: string;
  readonly schedule?: { readonly firstDue: number; readonly intervalMs: number };
  readonly ops?: readonly {
    readonly now: number;
    readonly firedTotal: number;
    readonly nextDue: number | null;
  }[];
}

const vectors = (
  JSON.parse(
    readFileSync(new URL('../../conformance/vectors/punctuation.json', import.meta.url), 'utf8'),
  ) as readonly Schedule[]
).filter(({ schedule }) => schedule !== undefined);

describe('punctuation schedule', () => {
  test.each(vectors)('follows $name', ({ schedule, ops = [] }) => {
    if (schedule === undefined) throw new Error('no schedule');
    // The vector says of the one that cancels itself that it is never due again.
    const cancels = ops.some((op) => op.nextDue === null);
    let due = schedule.firstDue;
    let fired = 0;
    for (const op of ops) {
      if (op.now >= due) {
        fired++;
        due = cancels ? neverDue : nextDue(due, schedule.intervalMs, op.now);
      }
      expect([fired, due === neverDue ? null : due]).toEqual([op.firedTotal, op.nextDue]);
    }
  });

  test('fires first at the first record in stream time, an interval from now on the clock', () => {
    expect(firstDue('stream-time', 100, 250)).toBe(0);
    expect(firstDue('wall-clock', 100, 250)).toBe(350);
  });

  test.each([
    [0, 100],
    [99, 100],
    [100, 200],
    [199, 200],
    [200, 300],
    [1001, 1100],
  ])('is due after a tick at %i (due at 0, every 100) at %i', (now, next) => {
    expect(nextDue(0, 100, now)).toBe(next);
  });
});
