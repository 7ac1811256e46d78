import type { BookedCall, CallBook } from '../../app/calls/call-book.ts';
import type { CallLogEntry } from '../../calls/call-log.ts';
import { toPlain } from '../../plain-json.ts';
import { UsageError } from '../failure.ts';

/** An open call as JSON. */
export interface OpenCallJson {
  readonly call: string;
  readonly state: 'open' | 'parked' | 'held';
  readonly idempotencyKey: string;
  readonly key: unknown;
  readonly request: unknown;
  /** Requests that went out before it was parked last. */
  readonly attempts: number;
  readonly since?: string;
  readonly parkedUntil?: string;
  readonly reason?: string;
}

/** What is said of an open call now: one whose pause is over is asked again, or about to be. */
export function openCallJson({ id, intent }: BookedCall, nowMs: number): OpenCallJson {
  const { attempts, sinceMs, parkedUntilMs, reason } = intent.progress;
  const state = openState(parkedUntilMs, nowMs);
  return {
    call: id,
    state,
    idempotencyKey: intent.idempotencyKey,
    key: toPlain(intent.record.key),
    request: toPlain(intent.request),
    attempts,
    ...(sinceMs === undefined ? {} : { since: new Date(sinceMs).toISOString() }),
    ...(state === 'parked' ? { parkedUntil: new Date(parkedUntilMs ?? 0).toISOString() } : {}),
    ...(reason === '' ? {} : { reason }),
  };
}

/** The state of a call that has not ended, by the time at which it is asked again. */
export function openState(parkedUntilMs: number | undefined, nowMs: number): OpenCallJson['state'] {
  if (parkedUntilMs === undefined || parkedUntilMs <= nowMs) return 'open';
  return parkedUntilMs === Infinity ? 'held' : 'parked';
}

/** What `name` means: calls by their id or their idempotency key. */
export interface FoundCalls {
  readonly open: readonly BookedCall[];
  readonly ended: readonly CallLogEntry[];
}

/** @throws {UsageError} when there is no such call, open or in the log */
export async function findCalls(book: CallBook, name: string): Promise<FoundCalls> {
  const open = (await book.open()).filter(
    ({ id, intent }) => id === name || intent.idempotencyKey === name,
  );
  const ended = await book.ended(
    ({ call, idempotencyKey }) => call === name || idempotencyKey === name,
  );
  if (open.length > 0 || ended.length > 0) return { open, ended };
  throw new UsageError(
    `application "${book.plan.application}" has no call "${name}": name one by the id that "millrace calls list" prints, or by its idempotency key`,
  );
}
