import {
  type CallFailureKind,
  CallFailure,
  type CallHandler,
} from '../../processors/call-handler.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { isStreamsError } from '../../topology/core/errors.ts';
import type { CallOperatorDef } from '../../topology/definition/definition.ts';
import { backoffMs } from './backoff.ts';
import type { CallLimiter } from './call-limiter.ts';
import type { JournaledIntent } from './intent-codec.ts';

/** How a call ended: an answer, an outcome that cannot be known, or a handler that broke (a record failure). */
export type CallResult =
  | { readonly kind: 'reply'; readonly reply: unknown }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface DispatcherOptions {
  readonly operator: CallOperatorDef;
  readonly handler: CallHandler;
  /** True when a reply fits the call's reply type. */
  readonly isReply: (reply: unknown) => boolean;
  /** Shared by the tasks of a member: `concurrency.limit` is per stage and member. */
  readonly limiter: CallLimiter;
  readonly clock: Clock;
  readonly random: () => number;
  /** Takes a result. The intent stays journaled until the batch that it enters is committed. */
  readonly ended: (sequence: number, intent: JournaledIntent, result: CallResult) => void;
  /** Called when a request went out (crash points of tests); must not throw. */
  readonly issued?: (intent: JournaledIntent) => void;
}

interface FailedAttempt {
  readonly kind: 'failure';
  readonly failure: CallFailureKind;
  readonly reason: string;
  /** Not before this is over, ms; 0: the service said nothing. */
  readonly retryAfterMs: number;
}

interface Lane {
  readonly queue: { readonly sequence: number; readonly intent: JournaledIntent }[];
  busy: boolean;
}

/**
 * Issues the journaled intents of one call stage of one task, after their commit is known (design.md 7, E2): in order per key, at most
 * `concurrency.limit` in flight, the same idempotency key on every attempt.
 *
 * Not sent (connection refused) and in progress elsewhere are retried without being counted; time-outs and unavailability count as attempts that were sent
 * and are retried as `retry` says; then the outcome is unknown, which is not failed.
 */
export class CallDispatcher {
  private readonly options: DispatcherOptions;
  private readonly lanes = new Map<unknown, Lane>();
  private readonly aborts = new Set<AbortController>();
  private readonly timers = new Set<() => void>();
  private closed = false;
  /** Intents that were given and have not ended. */
  outstanding = 0;
  /** Requests that are on their way at this moment. */
  inFlight = 0;

  constructor(options: DispatcherOptions) {
    this.options = options;
  }

  /** Issues an intent behind all earlier ones of its lane. `laneKey` is the key's canonical form; it is ignored where order is 'none'. */
  issue(sequence: number, laneKey: unknown, intent: JournaledIntent): void {
    if (this.closed) return;
    this.outstanding++;
    const id = this.options.operator.concurrency.order === 'none' ? sequence : laneKey;
    let lane = this.lanes.get(id);
    if (lane === undefined) {
      lane = { queue: [], busy: false };
      this.lanes.set(id, lane);
    }
    lane.queue.push({ sequence, intent });
    this.advance(id, lane);
  }

  /** Aborts what is in flight and forgets the rest: the journal has it. */
  close(): void {
    this.closed = true;
    for (const abort of this.aborts) abort.abort();
    for (const cancel of this.timers) cancel();
    this.timers.clear();
    this.lanes.clear();
  }

  private advance(id: unknown, lane: Lane): void {
    if (lane.busy || this.closed) return;
    const next = lane.queue[0];
    if (next === undefined) {
      this.lanes.delete(id);
      return;
    }
    lane.busy = true;
    this.attempt(next.intent, 0, 1, (result) => {
      lane.queue.shift();
      lane.busy = false;
      this.outstanding--;
      this.options.ended(next.sequence, next.intent, result);
      this.advance(id, lane);
    });
  }

  /** `sent` counts attempts whose request went out; `failures` all failed ones, for the back-off. */
  private attempt(
    intent: JournaledIntent,
    sent: number,
    failures: number,
    end: (result: CallResult) => void,
  ): void {
    const { limiter, operator } = this.options;
    limiter.acquire(() => {
      if (this.closed) {
        limiter.release();
        return;
      }
      this.inFlight++;
      void this.request(intent, failures).then((answer) => {
        this.inFlight--;
        limiter.release();
        if (this.closed) return;
        if (answer.kind !== 'failure') {
          end(answer);
          return;
        }
        const counted = isCounted(answer.failure) ? sent + 1 : sent;
        if (!this.mayRetry(answer.failure, counted)) {
          end({ kind: 'unknown', reason: answer.reason });
          return;
        }
        const ownMs = backoffMs(operator.retry, failures, this.options.random);
        this.later(Math.max(ownMs, answer.retryAfterMs), () =>
          this.attempt(intent, counted, failures + 1, end),
        );
      });
    });
  }

  private async request(
    intent: JournaledIntent,
    attempt: number,
  ): Promise<CallResult | FailedAttempt> {
    const { operator, handler, clock, isReply } = this.options;
    const abort = new AbortController();
    this.aborts.add(abort);
    let cancel = (): void => {};
    const timeout = new Promise<never>((_, reject) => {
      cancel = clock.after(operator.timeoutMs, () => {
        reject(new CallFailure('timeout', `no answer within ${operator.timeoutMs} ms`));
        abort.abort();
      });
      // A handler that does not heed the signal must not keep its slot when the task is gone.
      abort.signal.addEventListener('abort', () => reject(new CallFailure('timeout', 'closed')));
    });
    this.timers.add(cancel);
    try {
      const answer = handler(intent.request, {
        idempotencyKey: intent.idempotencyKey,
        signal: abort.signal,
        attempt,
      });
      this.options.issued?.(intent);
      const reply = await Promise.race([answer, timeout]);
      if (isReply(reply)) return { kind: 'reply', reply };
      return { kind: 'unknown', reason: 'the answer of the handler does not fit the reply type' };
    } catch (error) {
      const kind = failureKind(error);
      if (kind === undefined) return { kind: 'failed', error };
      const { message: reason, retryAfterMs = 0 } = error as CallFailure;
      return { kind: 'failure', failure: kind, reason, retryAfterMs };
    } finally {
      cancel();
      this.timers.delete(cancel);
      this.aborts.delete(abort);
    }
  }

  private mayRetry(failure: CallFailureKind, sent: number): boolean {
    const { retry } = this.options.operator;
    if (failure === 'not-sent' || failure === 'in-progress') return true;
    if (failure === 'unknown' || !retry.when.includes(failure)) return false;
    return retry.attempts === 'unlimited' || sent < retry.attempts;
  }

  private later(delayMs: number, action: () => void): void {
    const cancel = this.options.clock.after(delayMs, () => {
      this.timers.delete(cancel);
      action();
    });
    this.timers.add(cancel);
  }
}

function isCounted(failure: CallFailureKind): boolean {
  return failure === 'timeout' || failure === 'unavailable';
}

/** The kind of a {@link CallFailure} of any copy of this package; undefined for any other error. */
function failureKind(error: unknown): CallFailureKind | undefined {
  if (!isStreamsError(error) || !('kind' in error)) return undefined;
  return error.kind as CallFailureKind;
}
