/**
 * At most `limit` requests in flight (design.md 7: waiting and backing-off calls hold no slot). First come, first served.
 */
export class CallLimiter {
  private readonly limit: number;
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Calls `start` as soon as a slot is free, at once if one is. The caller gives it back with {@link release}. */
  acquire(start: () => void): void {
    if (this.inFlight < this.limit) {
      this.inFlight++;
      start();
    } else {
      this.waiting.push(start);
    }
  }

  release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.inFlight--;
    else next();
  }
}
