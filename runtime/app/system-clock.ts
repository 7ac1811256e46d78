import type { Clock } from '../../topology/core/clock.ts';

/** The longest time that `setTimeout` waits, ms, 24 days; it takes more for none at all. */
const longestMs = 2 ** 31 - 1;

/** The machine's clock. A timer keeps the process alive until it fires or is cancelled. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, action) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      timer =
        leftMs > longestMs
          ? setTimeout(() => wait(leftMs - longestMs), longestMs)
          : setTimeout(action, leftMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
