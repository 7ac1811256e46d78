import type { RetryDef } from '../../topology/definition/definition.ts';

/**
 * Waiting time before the next attempt, ms: exponential from `backoffMs` up to `maxMs`, with full jitter (uniform between 0 and that) or none.
 * `failures` counts the failed attempts so far, from 1. `random` gives [0, 1).
 */
export function backoffMs(
  retry: Pick<RetryDef, 'backoffMs' | 'maxMs' | 'jitter'>,
  failures: number,
  random: () => number,
): number {
  const ceiling = Math.min(retry.maxMs, retry.backoffMs * 2 ** Math.min(failures - 1, 52));
  return retry.jitter === 'full' ? Math.floor(random() * ceiling) : ceiling;
}
