import type { BreakerState } from './circuit-breaker.ts';

/** What the calls of one stage on one member are doing, at this moment. */
export interface CallStatus {
  readonly stage: string;
  /** Requests on their way; they alone hold slots of `concurrency`. */
  readonly inFlight: number;
  /** Behind an earlier call of their key, or for a slot, or for a commit. */
  readonly waiting: number;
  /** Until the next attempt is due, or the breaker lets it pass. */
  readonly backingOff: number;
  /** Asked again later, by `park`: each blocks its key. */
  readonly parked: number;
  /** Not asked again by itself: `millrace calls resolve`. Each blocks its key. */
  readonly held: number;
  /** Undefined: the stage has no breaker. */
  readonly breaker: BreakerState | undefined;
}
