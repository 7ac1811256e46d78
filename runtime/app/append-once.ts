import { commitAgain } from '../log/commit-again.ts';
import type { Append, Log } from '../ports.ts';

/**
 * Appends records outside of any task, in one transaction. `client` names the producer: two at a time
 * under one name fence each other.
 * @throws {ConfigError} APPLICATION_OWNED when another process appends under the name (embedded)
 * @throws {TaskMigratedError} FENCED
 * @throws as {@link commitAgain}
 */
export async function appendOnce(log: Log, client: string, append: Append): Promise<void> {
  const ignore = async (): Promise<void> => {};
  const membership = await log.join(
    { group: client, topics: [], slot: client },
    { assigned: ignore, revoked: ignore, lost: ignore },
  );
  try {
    const transactor = await log.transactor(client);
    try {
      await commitAgain(transactor, { appends: [append], positions: [] }, membership);
    } finally {
      await transactor.close();
    }
  } finally {
    await membership.leave();
  }
}
