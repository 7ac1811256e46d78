import type { Clock } from '../../topology/core/clock.ts';
import type { Report } from '../logger.ts';
import type { SchemaCache } from './schema-cache.ts';
import { unlessAborted } from './unless-aborted.ts';

/** How long to wait before a registry that cannot be reached is asked again, ms. */
export const askAgainMs = 1000;

/** What is said once when something begins to wait for a schema. */
export function waitingLine(id: number, error: unknown): string {
  return `partitions wait for schema ${id}: ${(error as Error).message}. It is asked again until it answers`;
}

/** What is said when the registry has been waited for, and is there. */
export const answersAgainLine = 'the schema registry answers again';

export interface SchemaWait {
  readonly cache: SchemaCache;
  readonly clock: Clock;
  readonly report: Report;
}

/**
 * Brings a schema to hand. A registry that cannot be reached is asked until it answers, or `signal` aborts: who waits for a schema waits, and does not fail
 * (design.md 9). Resolves as well where the registry does not know it.
 */
export async function awaitSchema(
  id: number,
  { cache, clock, report }: SchemaWait,
  signal: AbortSignal,
): Promise<void> {
  for (let told = false; !signal.aborted;) {
    try {
      await cache.load(id);
      if (told) report(answersAgainLine);
      return;
    } catch (error) {
      if (!told) report(waitingLine(id, error));
      told = true;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(askAgainMs, resolve);
    await unlessAborted(promise, signal);
    cancel();
  }
}
