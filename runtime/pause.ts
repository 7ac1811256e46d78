import type { Clock } from '../topology/core/clock.ts';

/** Resolves after `delayMs`, or when the signal aborts. */
export async function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(delayMs, resolve);
  const wake = (): void => resolve();
  signal?.addEventListener('abort', wake, { once: true });
  await promise;
  cancel();
  signal?.removeEventListener('abort', wake);
}
