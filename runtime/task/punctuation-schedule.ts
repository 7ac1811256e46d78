/**
 * When a punctuation is due. A due time lies on a grid of `intervalMs`; ticks that were missed collapse into one and the schedule stays on its grid.
 * Semantics: Kafka Streams `PunctuationSchedule`, `PunctuationQueue`.
 */

/** A due time that never comes: the punctuation was cancelled. */
export const neverDue = Number.POSITIVE_INFINITY;

/** The first due time: stream time is aligned to 0, so it fires with the first record; wall-clock time fires one interval from now. */
export function firstDue(
  by: 'stream-time' | 'wall-clock',
  intervalMs: number,
  nowMs: number,
): number {
  return by === 'stream-time' ? 0 : nowMs + intervalMs;
}

/** The due time after one that fired at `nowMs` (≥ `dueMs`): the next point of the grid after now. */
export function nextDue(dueMs: number, intervalMs: number, nowMs: number): number {
  const next = dueMs + intervalMs;
  if (nowMs < next) return next;
  return dueMs + (Math.floor((nowMs - dueMs) / intervalMs) + 1) * intervalMs;
}

/**
 * A due time as it is where the wall clock has gone back: one that lies more than an interval ahead of now comes back, on its grid, to at most that. Any
 * other stays.
 */
export function dueAfterJump(dueMs: number, intervalMs: number, nowMs: number): number {
  if (dueMs <= nowMs + intervalMs || dueMs === neverDue) return dueMs;
  return dueMs - (Math.ceil((dueMs - nowMs) / intervalMs) - 1) * intervalMs;
}
