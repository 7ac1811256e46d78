import type { BreakerDef } from '../../topology/definition/definition.ts';

/**
 * States of a circuit breaker:
 *
 * ```
 *            share of failures                    cool-down over
 *   CLOSED ───────────────────▶ OPEN ───────────────────────────▶ HALF-OPEN (one request at a time)
 *      ▲                          ▲                                   │  │
 *      │                          └────────── it fails ───────────────┘  │
 *      └───────────────────────────────────── it is answered ────────────┘
 * ```
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Decides whether a request may go out, from how the latest ones ended. Pure: it is told the time (monotonic, ms). Results of requests that were
 * let out before the breaker opened change nothing while it is open.
 */
export class CircuitBreaker {
  private readonly def: BreakerDef;
  /** The latest results, true = failed; a ring. */
  private readonly ring: boolean[] = [];
  private next = 0;
  private failures = 0;
  private openedMs: number | undefined;
  private probe: number | undefined;
  private tickets = 0;

  constructor(def: BreakerDef) {
    this.def = def;
  }

  state(nowMs: number): BreakerState {
    if (this.openedMs === undefined) return 'closed';
    return nowMs >= this.openedMs + this.def.coolDownMs ? 'half-open' : 'open';
  }

  /** A ticket for one request, to be given back with its result; undefined: it may not go out now. */
  admit(nowMs: number): number | undefined {
    const state = this.state(nowMs);
    if (state === 'open' || (state === 'half-open' && this.probe !== undefined)) return undefined;
    const ticket = ++this.tickets;
    if (state === 'half-open') this.probe = ticket;
    return ticket;
  }

  /** How long until {@link admit} may say yes by itself, ms; undefined: it depends on the request that is out. */
  waitMs(nowMs: number): number | undefined {
    if (this.openedMs === undefined) return 0;
    const rest = this.openedMs + this.def.coolDownMs - nowMs;
    if (rest > 0) return rest;
    return this.probe === undefined ? 0 : undefined;
  }

  /** The result of an admitted request; undefined: it was given up, and says nothing. */
  settle(ticket: number, failed: boolean | undefined, nowMs: number): void {
    if (ticket === this.probe) {
      this.probe = undefined;
      if (failed === true) this.openedMs = nowMs;
      else if (failed === false) this.close();
      return;
    }
    if (this.openedMs !== undefined || failed === undefined) return;
    this.record(failed);
    const { window, openAt } = this.def;
    if (this.ring.length === window && this.failures >= openAt * window) this.openedMs = nowMs;
  }

  private record(failed: boolean): void {
    if (this.ring[this.next] === true) this.failures--;
    this.ring[this.next] = failed;
    if (failed) this.failures++;
    this.next = (this.next + 1) % this.def.window;
  }

  private close(): void {
    this.openedMs = undefined;
    this.ring.length = 0;
    this.next = 0;
    this.failures = 0;
  }
}
