import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or returns early when the signal comes. */
export async function nap(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

/** Does something again and again, with pauses, until the signal comes. */
export async function repeat(
  signal: AbortSignal,
  pauseMs: () => number,
  once: () => Promise<void>,
): Promise<void> {
  for (;;) {
    await nap(pauseMs(), signal);
    if (signal.aborted) return;
    await once();
  }
}

/**
 * Waits for what must come.
 * @throws {Error} when it does not come in time
 */
export async function within(ms: number, what: string, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${what}: not in ${ms} ms`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    late.catch(() => {});
    over.abort();
  }
}
