import type { Clock } from '../../../topology/core/clock.ts';

/** A clock that is moved by hand. */
export class HandClock implements Clock {
  private time = 0;
  private timers: { readonly at: number; readonly action: () => void }[] = [];

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { at: this.time + delayMs, action };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((it) => it !== timer));
  }

  get pending(): number {
    return this.timers.length;
  }

  /** Moves the time and lets no timer run: those of whoever does not get to run. */
  skipTo(time: number): void {
    this.time = time;
  }

  /** Moves the time and runs the timers that are due on the way. */
  moveTo(time: number): void {
    for (;;) {
      const due = this.timers.filter((it) => it.at <= time).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((it) => it !== due);
      this.time = due.at;
      due.action();
    }
    this.time = time;
  }
}
