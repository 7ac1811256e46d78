import type { Clock } from '../../../topology/core/clock.ts';

/** Between two heartbeats while the group is about to change, or after one that failed, ms. */
const soonMs = 100;

export interface HeartbeatsOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Sends one, and deals with its answer. Does not throw; false: it had no answer. */
  readonly beat: () => Promise<boolean>;
  /** The next one is to come soon. */
  readonly hurry: () => boolean;
}

/** Sends heartbeats on a timer of their own, one at a time, whatever else the member does. */
export class Heartbeats {
  private readonly options: HeartbeatsOptions;
  private cancel: (() => void) | undefined;
  private running = false;
  private busy = false;

  constructor(options: HeartbeatsOptions) {
    this.options = options;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.schedule(this.options.intervalMs);
  }

  /** Sends one as soon as the one under way is answered. */
  now(): void {
    if (this.running) this.schedule(0);
  }

  stop(): void {
    this.running = false;
    this.cancel?.();
  }

  private schedule(delayMs: number): void {
    this.cancel?.();
    this.cancel = this.options.clock.after(delayMs, () => void this.beat());
  }

  private async beat(): Promise<void> {
    const { beat, hurry, intervalMs } = this.options;
    if (this.busy) return this.schedule(soonMs);
    this.busy = true;
    const answered = await beat();
    this.busy = false;
    const soon = !answered || hurry();
    if (this.running) this.schedule(soon ? Math.min(soonMs, intervalMs) : intervalMs);
  }
}
