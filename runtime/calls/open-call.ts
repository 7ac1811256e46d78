import type { JournaledIntent } from './intent-codec.ts';

/** How a call ended: an answer, an outcome that cannot be known, or a request that is refused (a record failure). */
export type CallResult =
  | { readonly kind: 'reply'; readonly reply: unknown }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Who told the result of a call. */
export type DecidedBy = 'service' | 'look-up' | 'operator' | 'runtime';

/** What the call log says beside the result. */
export interface CallEnd {
  /** Requests that went out, as far as this process and the journal know. */
  readonly attempts: number;
  readonly decidedBy: DecidedBy;
  /** What a person wrote to it; undefined: nobody did. */
  readonly note?: string;
}

/** What an open call is doing. */
export type CallPhase = 'waiting' | 'in-flight' | 'backing-off' | 'parked' | 'held';

/** Calls of one key, in order: the first is under way, the others wait. */
export interface Lane {
  readonly id: unknown;
  readonly queue: OpenCall[];
}

/** A call that has been journaled and has not ended. */
export interface OpenCall {
  readonly sequence: number;
  readonly lane: Lane;
  /** With the progress that was journaled last, or is on its way there. */
  intent: JournaledIntent;
  phase: CallPhase;
  /** Its mark is on its way into the journal. */
  marking: boolean;
  /** It is the first of its lane and has begun. */
  begun: boolean;
  /** A request may have gone out, and what became of it is not known. */
  uncertain: boolean;
  /** Nothing that is still open was sent before this time, wall clock, ms. */
  sinceMs: number;
  /** Requests and look-ups that were sent in vain since it was parked last: what `retry.attempts` counts. */
  sent: number;
  /** Failed ones since then, for the back-off. */
  failures: number;
  /** Requests that went out before this process took it, as far as the journal knows. */
  readonly triesBefore: number;
  /** Requests that this process made. */
  tries: number;
  /** Not before this time, wall clock, ms: a request of an owner before may be under way. */
  notBeforeMs: number;
  abort: AbortController | undefined;
  cancel: (() => void) | undefined;
  over: boolean;
}
