/**
 * How far a journaled call is: what its row says beside the intent, so that a restart or another owner goes on from there. Times are of the wall
 * clock, ms.
 */
export interface CallProgress {
  /** Nothing was sent before this time; undefined: the row is of a version that did not say. */
  readonly sinceMs: number | undefined;
  /** When it is asked again; undefined: at once; Infinity: never by itself, a person decides. */
  readonly parkedUntilMs: number | undefined;
  /** Requests that went out before it was parked last. */
  readonly attempts: number;
  /** How often it was parked. */
  readonly parks: number;
  /** A request may have gone out (`effect: at-most-once`): written before it does. */
  readonly marked: boolean;
  /** Why it is parked; '' where it is not. */
  readonly reason: string;
}

/** The progress of an intent that is journaled now. */
export function newProgress(nowMs: number): CallProgress {
  return {
    sinceMs: nowMs,
    parkedUntilMs: undefined,
    attempts: 0,
    parks: 0,
    marked: false,
    reason: '',
  };
}
