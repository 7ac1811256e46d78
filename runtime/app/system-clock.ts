import type { Clock } from '../../topology/core/clock.ts';

/** The machine's clock. Timers do not keep the process alive by themselves: what runs does. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
