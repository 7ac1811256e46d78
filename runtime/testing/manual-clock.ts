import type { Clock } from '../../topology/core/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly sequence: number;
  readonly action: () => void;
}

/**
 * A clock that moves only when it is told to. Wall clock and monotonic time are the same. Timers fire in order of due time, then of their making.
 */
export class ManualClock implements Clock {
  private nowMs: number;
  private sequence = 0;
  private readonly timers = new Set<Timer>();

  constructor(startMs = 0) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { dueMs: this.nowMs + delayMs, sequence: this.sequence++, action };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Due time of the next timer, ms; undefined: there is none. */
  nextDue(): number | undefined {
    return this.next()?.dueMs;
  }

  /** Moves on to `toMs` and fires the timers that are due on the way, each at its time. Time never goes back. */
  advanceTo(toMs: number): void {
    for (let timer = this.next(); timer !== undefined && timer.dueMs <= toMs; timer = this.next()) {
      this.timers.delete(timer);
      this.nowMs = Math.max(this.nowMs, timer.dueMs);
      timer.action();
    }
    this.nowMs = Math.max(this.nowMs, toMs);
  }

  private next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (
        next === undefined ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.sequence < next.sequence)
      ) {
        next = timer;
      }
    }
    return next;
  }
}
