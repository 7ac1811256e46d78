import type { Asking } from '../ask-leaders.ts';
import { Patience } from '../patience.ts';
import type { NodeId } from '../wire.ts';

/**
 * Tries until it works, while what fails passes by itself. `attempt` gets the number of failures before it.
 * @param what - what is tried, as an infinitive
 * @throws {StorageError} LOG_UNAVAILABLE when the patience is at an end
 */
export async function persist<T>(
  { clock, patienceMs }: Asking,
  what: string,
  attempt: (failures: number) => Promise<T>,
): Promise<T> {
  const patience = new Patience(clock, patienceMs);
  for (;;) {
    try {
      return await attempt(patience.failures);
    } catch (error) {
      await patience.after(error, what);
    }
  }
}

/**
 * The broker to ask what any of them knows: always the same one while it is up, so that what was seen once is
 * not forgotten by the next.
 */
export async function anyNode({ wire }: Asking): Promise<NodeId> {
  const { nodes } = await wire.cluster();
  return Math.min(...nodes.map(({ id }) => id));
}
