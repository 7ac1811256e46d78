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
 * **Gotchas** Any other exception means that asking again cannot help: the record goes to the dead letters.
 */
export type CallHandler<Request = unknown, Reply = unknown> = (
  request: Request,
  context: CallContext,
) => Promise<Reply>;

/**
 * Why there is no answer.
 *
 * - `not-sent`: nothing left this process (connection refused, no such host). Not counted as an attempt.
 * - `unavailable`: the service said that it cannot answer now, or the connection broke: something may have happened.
 * - `timeout`: no answer in time: something may have happened.
 * - `in-progress`: another request with this key is being worked on.
 * - `unknown`: there is an answer, and it does not tell what happened (it is no reply): asking again at once cannot help, so the
 *   outcome is unknown.
 */
export type CallFailureKind = 'not-sent' | 'unavailable' | 'timeout' | 'in-progress' | 'unknown';

const codes = {
  'not-sent': 'CALL_NOT_SENT',
  unavailable: 'CALL_UNAVAILABLE',
  timeout: 'CALL_TIMEOUT',
  'in-progress': 'CALL_IN_PROGRESS',
  unknown: 'CALL_UNKNOWN',
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
