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
}
