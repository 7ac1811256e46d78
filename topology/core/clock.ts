/**
 * Time as the runtime sees it. Pure code takes times as arguments; only `runtime/` holds a clock.
 */
export interface Clock {
  /** Wall clock, ms since epoch. May jump. */
  now(): number;
  /** Monotonic time, ms from an arbitrary origin. For measuring elapsed time. */
  monotonic(): number;
  /** Runs `action` once, `delayMs` from now, unless cancelled first. Returns the cancel function. */
  after(delayMs: number, action: () => void): () => void;
}
