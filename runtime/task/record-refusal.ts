import { ProcessingError } from '../../topology/core/errors.ts';

/**
 * Why a record with this time must not enter the topology (invariant E5); undefined: it may. `maxFutureMs` is how far ahead of the wall clock a record may be;
 * undefined: as far as it likes.
 */
export function timeRefusal(
  timeMs: number,
  wallClockMs: number,
  maxFutureMs: number | undefined,
): ProcessingError | undefined {
  if (timeMs < 0) {
    return new ProcessingError('RECORD_TIME', `the record's time is negative: ${timeMs}`);
  }
  if (maxFutureMs !== undefined && timeMs > wallClockMs + maxFutureMs) {
    return new ProcessingError(
      'RECORD_FUTURE',
      `the record's time (${timeText(timeMs)}) is more than max-future (${maxFutureMs} ms) ahead of the clock`,
    );
  }
  return undefined;
}

/** A time for people; a `Date` ends in the year 275760. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
