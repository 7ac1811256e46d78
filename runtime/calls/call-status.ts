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
  /** Absent: no. So many are parked, held, or wait behind one that is (`max-parked-calls`) that a task here has paused the inputs which lead to the stage. */
  readonly inputsPaused?: true;
  /** Undefined: the stage has no breaker. */
  readonly breaker: BreakerState | undefined;
}
