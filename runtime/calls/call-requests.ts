import {
  CallFailure,
  type CallFailureKind,
  type CallFinding,
  type CallHandler,
  type CallLookup,
} from '../../processors/call-handler.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { isStreamsError } from '../../topology/core/errors.ts';
import type { JournaledIntent } from './intent-codec.ts';

/** What came of one request, or of one look-up. */
export type CallAnswer =
  | { readonly kind: 'reply'; readonly reply: unknown }
  | { readonly kind: 'finding'; readonly finding: 'absent' | 'in-progress' }
  /** The record or the application is at fault, not the service. */
  | { readonly kind: 'failed'; readonly error: unknown }
  | {
      readonly kind: 'failure';
      readonly failure: CallFailureKind;
      readonly reason: string;
      /** Not before this is over, ms; 0: the service said nothing. */
      readonly retryAfterMs: number;
    };

export interface CallRequestsOptions {
  readonly handler: CallHandler;
  /** Undefined: the call has none. */
  readonly lookup: CallLookup | undefined;
  /** True when a reply fits the call's reply type. */
  readonly isReply: (reply: unknown) => boolean;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Called when a request went out (crash points of tests); must not throw. */
  readonly issued?: (intent: JournaledIntent) => void;
}

/** Makes requests and look-ups of one call stage, each with its time-out. */
export class CallRequests {
  private readonly options: CallRequestsOptions;

  constructor(options: CallRequestsOptions) {
    this.options = options;
  }

  /** One request. `abort` gives it up: the answer is a time-out then. Never rejects. */
  send(intent: JournaledIntent, attempt: number, abort: AbortController): Promise<CallAnswer> {
    return this.within(abort, async (signal) => {
      const { request, idempotencyKey } = intent;
      const answer = this.options.handler(request, { idempotencyKey, signal, attempt });
      this.options.issued?.(intent);
      return this.fitting(await answer);
    });
  }

  /** One look-up, in the same way. */
  lookUp(intent: JournaledIntent, attempt: number, abort: AbortController): Promise<CallAnswer> {
    return this.within(abort, async (signal) => {
      const { request, idempotencyKey } = intent;
      const lookup = this.options.lookup as CallLookup;
      const found: CallFinding = await lookup(request, { idempotencyKey, signal, attempt });
      return typeof found === 'string'
        ? { kind: 'finding', finding: found }
        : this.fitting(found.found);
    });
  }

  private fitting(reply: unknown): CallAnswer {
    if (this.options.isReply(reply)) return { kind: 'reply', reply };
    return unknown('the answer of the handler does not fit the reply type');
  }

  private async within(
    abort: AbortController,
    ask: (signal: AbortSignal) => Promise<CallAnswer>,
  ): Promise<CallAnswer> {
    const { clock, timeoutMs } = this.options;
    let cancel = (): void => {};
    const timeout = new Promise<never>((_, reject) => {
      cancel = clock.after(timeoutMs, () => {
        reject(new CallFailure('timeout', `no answer within ${timeoutMs} ms`));
        abort.abort();
      });
      // A handler that does not heed the signal must not keep its slot when the task is gone.
      abort.signal.addEventListener('abort', () => {
        cancel();
        reject(new CallFailure('timeout', 'given up'));
      });
    });
    try {
      return await Promise.race([ask(abort.signal), timeout]);
    } catch (error) {
      return failureOf(error);
    } finally {
      cancel();
    }
  }
}

/** A {@link CallFailure} of any copy of this package; an error of another class says whose fault it is; any other is a bug of the handler. */
function failureOf(error: unknown): CallAnswer {
  if (!isStreamsError(error)) {
    return unknown(`the handler broke: ${thrownText(error)}`);
  }
  if (!('kind' in error) || error.kind === 'refused') return { kind: 'failed', error };
  const { kind: failure, message: reason, retryAfterMs = 0 } = error as CallFailure;
  return { kind: 'failure', failure, reason, retryAfterMs };
}

/** Not everything that may be thrown has a text. */
function thrownText(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : 'it threw no error';
}

function unknown(reason: string): CallAnswer {
  return { kind: 'failure', failure: 'unknown', reason, retryAfterMs: 0 };
}
