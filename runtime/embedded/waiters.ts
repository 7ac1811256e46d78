import type { Clock } from '../../topology/core/clock.ts';

/** First and longest pause between two looks for records of other processes, ms. */
const firstPauseMs = 5;
const longestPauseMs = 50;

/** Waits for records: woken by commits of this process, and looking for those of others. */
export class Waiters {
  private readonly clock: Clock;
  private readonly waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Wakes everyone who waits: they look again. */
  wake(): void {
    for (const look of this.waiting) look();
  }

  /** Resolves when `ready` says so, `maxWaitMs` are over, or `signal` aborts. */
  async wait(ready: () => boolean, maxWaitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || ready()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      try {
        if (ready()) resolve();
      } catch (error) {
        reject(error);
      }
    };
    let pauseMs = firstPauseMs;
    const lookLater = (): (() => void) =>
      this.clock.after(pauseMs, () => {
        pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
        cancelLook = lookLater();
        look();
      });
    let cancelLook = lookLater();
    const cancelEnd = this.clock.after(maxWaitMs, resolve);
    const abort = (): void => resolve();
    signal.addEventListener('abort', abort, { once: true });
    this.waiting.add(look);
    try {
      await promise;
    } finally {
      cancelLook();
      cancelEnd();
      signal.removeEventListener('abort', abort);
      this.waiting.delete(look);
    }
  }
}
