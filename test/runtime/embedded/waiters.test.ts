import { describe, expect, test } from 'vitest';
import { Waiters } from '../../../runtime/embedded/waiters.ts';
import { HandClock } from './hand-clock.ts';

const never = new AbortController().signal;

describe('Waiters', () => {
  test('looks less and less often, from 5 to 50 ms', async () => {
    const clock = new HandClock();
    const looks: number[] = [];
    const waiting = new Waiters(clock).wait(
      () => {
        looks.push(clock.now());
        return false;
      },
      250,
      never,
    );
    clock.moveTo(250);
    await waiting;
    const pauses = looks.map((at, i) => at - (looks[i - 1] ?? 0)).slice(1);
    expect(pauses.slice(0, 4)).toEqual([5, 7.5, 11.25, 16.875]);
    expect(pauses.at(-1)).toBe(50);
    expect(clock.pending).toBe(0);
  });

  test('does not look again until woken when time stands still', async () => {
    const clock = new HandClock();
    const waiters = new Waiters(clock);
    let ready = false;
    const waiting = waiters.wait(() => ready, 1_000, never);
    waiters.wake();
    ready = true;
    waiters.wake();
    await waiting;
    expect(clock.pending).toBe(0);
  });

  test('passes on what looking throws', async () => {
    const waiters = new Waiters(new HandClock());
    let fails = false;
    const waiting = waiters.wait(
      () => {
        if (fails) throw new Error('gone');
        return false;
      },
      1_000,
      never,
    );
    fails = true;
    waiters.wake();
    await expect(waiting).rejects.toThrow('gone');
  });
});
