import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';

const day = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a timer waits longer than the 24 days that the system takes at once', () => {
  const action = vi.fn<() => void>();
  systemClock.after(60 * day, action);
  vi.advanceTimersByTime(60 * day - 1);
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(action).toHaveBeenCalledTimes(1);
});

test('a timer that is cancelled after those 24 days does not fire', () => {
  const action = vi.fn<() => void>();
  const cancel = systemClock.after(60 * day, action);
  vi.advanceTimersByTime(30 * day);
  cancel();
  vi.advanceTimersByTime(60 * day);
  expect([action.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
});
