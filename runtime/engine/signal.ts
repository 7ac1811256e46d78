import type { Clock } from '../../topology/core/clock.ts';

/**
 * Wakes a loop: {@link Signal.notify} makes the present or next {@link Signal.wait} resolve. Notifications do not add up.
 */
export class Signal {
  private notified = false;
  private waiting: (() => void) | undefined;

  notify(): void {
    const waiting = this.waiting;
    if (waiting === undefined) {
      this.notified = true;
    } else {
      this.waiting = undefined;
      waiting();
    }
  }

  async wait(): Promise<void> {
    if (this.notified) {
      this.notified = false;
      return;
    }
    await new Promise<void>((resolve) => {
      this.waiting = resolve;
    });
  }

  /** {@link wait}, until this time of the wall clock at the latest, ms; undefined: as long as it takes. */
  async waitUntil(dueMs: number | undefined, clock: Clock): Promise<void> {
    const cancel =
      dueMs === undefined
        ? undefined
        : clock.after(Math.max(0, dueMs - clock.now()), () => this.notify());
    await this.wait();
    cancel?.();
  }
}
