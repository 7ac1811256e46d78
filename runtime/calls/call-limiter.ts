/**
 * At most `limit` requests in flight (design.md 7: waiting and backing-off calls hold no slot). First come, first served.
 */
export class CallLimiter {
  private readonly limit: number;
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];
  private starting = false;
  private stopped: PromiseWithResolvers<void> | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Calls `start` as soon as a slot is free, at once if one is. The caller gives it back with {@link release}. */
  acquire(start: () => void): void {
    this.waiting.push(start);
    this.advance();
  }

  release(): void {
    this.inFlight--;
    if (this.inFlight === 0) this.stopped?.resolve();
    this.advance();
  }

  /** Starts nothing any more. Resolves when nothing is in flight. */
  stop(): Promise<void> {
    this.stopped ??= Promise.withResolvers();
    if (this.inFlight === 0) this.stopped.resolve();
    return this.stopped.promise;
  }

  /** A loop, since a call that was given up gives its slot back at once: any number of them may stand in a row. */
  private advance(): void {
    if (this.starting || this.stopped !== undefined) return;
    this.starting = true;
    while (this.inFlight < this.limit) {
      const start = this.waiting.shift();
      if (start === undefined) break;
      this.inFlight++;
      start();
    }
    this.starting = false;
  }
}
