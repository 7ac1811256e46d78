import { ConfigError } from '../../../topology/core/errors.ts';
import type { SchemaRegistry } from '../../ports.ts';
import { verifyLock } from '../../registry/lock-file.ts';
import { LockedRegistry } from '../../registry/locked-registry.ts';
import type { ApplicationLog } from '../application-log.ts';
import type { RegistryChoice } from '../runner-file-registry.ts';
import type { FoundLock } from './lock.ts';

/** Ids of the embedded log's own registry count from 1; a lock's are of somebody else's. */
const ownFrom = 1_000_000_000;

/**
 * The registry that an application uses: the one that was opened, compared with the lock file where there is one; or, offline, the lock file in its place.
 * @throws {ConfigError} LOCK_MISMATCH; LOCK_MISSING offline without a lock file
 * @throws {StorageError} REGISTRY_UNAVAILABLE
 */
export async function usedRegistry(
  opened: ApplicationLog,
  lock: FoundLock | undefined,
  { choice = {}, report }: { choice: RegistryChoice | undefined; report: (line: string) => void },
): Promise<SchemaRegistry> {
  if (choice.offline === true) {
    if (lock === undefined) {
      throw new ConfigError(
        'LOCK_MISSING',
        'registry.offline is set, and the folder of schemas has no lock file: do "millrace schemas pull" where there is a registry',
      );
    }
    // Ids that follow from the schemas have the whole range already.
    const from = opened.shared ? 0 : ownFrom;
    return new LockedRegistry({ ...lock, own: opened.ownRegistry, ownFrom: from });
  }
  // A lock of a registry with a URL says nothing of a log's own.
  const ofOther = choice.url === undefined && lock?.lock.registry !== undefined;
  if (lock !== undefined && !ofOther) {
    for (const line of await verifyLock(lock, opened.registry)) report(line);
  }
  return opened.registry;
}
