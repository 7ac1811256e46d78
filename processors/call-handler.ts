import { StreamsError } from '../topology/core/errors.ts';

/** What a handler is told beside the request. */
export interface CallContext {
  /** The same on every attempt of one intent, before and after a crash (design.md 7). */
  readonly idempotencyKey: string;
  /** Aborted when the time-out of this attempt is over, or when the runtime stops. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt that this process makes, and one more each time. */
  readonly attempt: number;
}

/**
 * Makes one external request and gives the answer, a value of the call's reply type. A `call` named `payments` is made by the export `payments` of
 * `payments.ts` in the processors folder.
 *
 * Retries, back-off and order are the runtime's: a handler tries once.
 *
 * @throws {CallFailure} when there is no answer; its kind says whether anything may have happened
 *
 * @throws {ProcessingError} when the record is at fault and nothing was sent: it goes to the dead letters
 *
 * **Gotchas** Any other exception is a bug of the handler, and does not tell what happened: the outcome is unknown, with its message as reason.
 */
export type CallHandler<Request = unknown, Reply = unknown> = (
  request: Request,
  context: CallContext,
) => Promise<Reply>;

/** What a service knows of a request: the reply that it gave, certainly nothing, or that it is working on it. */
export type CallFinding<Reply = unknown> = { readonly found: Reply } | 'absent' | 'in-progress';

/**
 * Asks the service what became of an earlier request with this idempotency key; makes none. The look-up of a `call` named `payments` is the export
 * `paymentsLookup` of `payments.ts` in the processors folder.
 *
 * @throws {CallFailure} when there is no answer: it is asked again later
 *
 * **Gotchas** `absent` leads to the request being sent: it must be certain, also for a request that is under way.
 */
export type CallLookup<Request = unknown, Reply = unknown> = (
  request: Request,
  context: CallContext,
) => Promise<CallFinding<Reply>>;

/** Name under which the functions of an application hold the look-up of a call. */
export function lookupName(call: string): string {
  return `${call}-lookup`;
}

/**
 * Why there is no answer.
 *
 * - `not-sent`: nothing left this process (connection refused, no such host), or the service says that it did nothing. Not counted as an attempt.
 * - `unavailable`: the service said that it cannot answer now, or the connection broke: something may have happened.
 * - `timeout`: no answer in time: something may have happened.
 * - `in-progress`: another request with this key is being worked on.
 * - `unknown`: there is an answer, and it does not tell what happened (it is no reply): asking again at once cannot help, so the
 *   outcome is unknown.
 * - `refused`: the service refuses the request as it is, and did nothing: the record goes to the dead letters.
 */
export type CallFailureKind =
  'not-sent' | 'unavailable' | 'timeout' | 'in-progress' | 'unknown' | 'refused';

const codes = {
  'not-sent': 'CALL_NOT_SENT',
  unavailable: 'CALL_UNAVAILABLE',
  timeout: 'CALL_TIMEOUT',
  'in-progress': 'CALL_IN_PROGRESS',
  unknown: 'CALL_UNKNOWN',
  refused: 'CALL_REFUSED',
} as const satisfies Record<CallFailureKind, string>;

/** An external request without an answer: asked again with the same key, as the call's `retry` says. */
export class CallFailure extends StreamsError {
  readonly kind: CallFailureKind;
  /** The service asked not to be asked again before this time is over, ms; undefined: it said nothing. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: CallFailureKind,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    super(codes[kind], message, options);
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}
