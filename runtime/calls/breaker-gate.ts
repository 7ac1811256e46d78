import type { Clock } from '../../topology/core/clock.ts';
import type { BreakerDef } from '../../topology/definition/definition.ts';
import { type BreakerState, CircuitBreaker } from './circuit-breaker.ts';

/** A {@link CircuitBreaker} on the clock, with the calls that wait before it: shared by the tasks of a member that have the stage. */
export class BreakerGate {
  private readonly breaker: CircuitBreaker;
  private readonly clock: Clock;
  private waiting: (() => void)[] = [];
  private cancel: (() => void) | undefined;

  constructor(def: BreakerDef, clock: Clock) {
    this.breaker = new CircuitBreaker(def);
    this.clock = clock;
  }

  get state(): BreakerState {
    return this.breaker.state(this.clock.monotonic());
  }

  /** See {@link CircuitBreaker.admit}. */
  admit(): number | undefined {
    return this.breaker.admit(this.clock.monotonic());
  }

  /** Calls `again` when {@link admit} may say yes; it may be called in vain. */
  wait(again: () => void): void {
    this.waiting.push(again);
    this.arm();
  }

  /** See {@link CircuitBreaker.settle}. */
  settle(ticket: number, failed: boolean | undefined): void {
    this.breaker.settle(ticket, failed, this.clock.monotonic());
    this.arm();
  }

  private arm(): void {
    if (this.cancel !== undefined || this.waiting.length === 0) return;
    const waitMs = this.breaker.waitMs(this.clock.monotonic());
    if (waitMs === undefined) return;
    this.cancel = this.clock.after(Math.ceil(waitMs), () => {
      this.cancel = undefined;
      this.release();
    });
  }

  /** Those that are let through take their tickets; one that asks in vain waits anew. Half open, it is one at a time. */
  private release(): void {
    if (this.state !== 'closed') {
      this.waiting.shift()?.();
      this.arm();
      return;
    }
    const { waiting } = this;
    this.waiting = [];
    for (const again of waiting) again();
  }
}
