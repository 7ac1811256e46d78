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
