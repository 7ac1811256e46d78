import { ConfigError } from '../../../topology/core/errors.ts';
import type { Problem } from '../../../topology/core/problem.ts';
import type { Report } from '../../logger.ts';
import type { SchemaRegistry } from '../../ports.ts';
import { verifyLock } from '../../registry/lock-file.ts';
import { LockedRegistry } from '../../registry/locked-registry.ts';
import type { ApplicationLog } from '../application-log.ts';
import type { RegistryChoice } from '../runner-file-registry.ts';
import type { TopologySource } from '../topology-source.ts';
import { otherReader } from './reader-pins.ts';
import { topologySubjects } from './topology-subjects.ts';

/** Ids of the embedded log's own registry count from 1; a lock's are of somebody else's. */
const ownFrom = 1_000_000_000;

type Used = Pick<TopologySource, 'lock' | 'problems' | 'graph' | 'catalog'>;

/**
 * The registry that an application uses: the one that was opened, compared with the lock file where there is one; or, offline, the lock file in its place.
 * Readers that are not the pinned ones are said, and offline refused: nothing is read there but what the lock vouches for.
 * @throws {ConfigError} LOCK_MISMATCH; offline LOCK_MISSING without a lock file, LOCK_READER
 * @throws {StorageError} REGISTRY_UNAVAILABLE
 */
export async function usedRegistry(
  opened: ApplicationLog,
  { lock, problems, graph, catalog }: Used,
  { choice = {}, report }: { choice: RegistryChoice | undefined; report: Report },
): Promise<SchemaRegistry> {
  const others = problems.filter(({ code }) => code === otherReader).map(readerLine);
  if (choice.offline === true) {
    if (lock === undefined) {
      throw new ConfigError(
        'LOCK_MISSING',
        'registry.offline is set, and the folder of schemas has no lock file: do "millrace schemas pull" where there is a registry',
      );
    }
    if (others.length > 0) throw new ConfigError('LOCK_READER', others.join('. '));
    // Ids that follow from the schemas have the whole range already.
    const from = opened.shared ? 0 : ownFrom;
    return new LockedRegistry({ ...lock, own: opened.ownRegistry, ownFrom: from });
  }
  for (const line of others) report(line, { level: 'warn', code: 'LOCK_READER' });
  // A lock of a registry with a URL says nothing of a log's own.
  const ofOther = choice.url === undefined && lock?.lock.registry !== undefined;
  if (lock !== undefined && ofOther) {
    report(
      `${lock.file} is of the registry at ${lock.lock.registry}, and the log's own is used: they are not compared. ` +
        'Name that one as registry.url where the application is to use it',
    );
  }
  if (lock !== undefined && !ofOther) {
    const subjects = graph === undefined ? [] : topologySubjects(graph.definition, catalog);
    const used = subjects.map(({ subject }) => subject);
    for (const line of await verifyLock(lock, opened.registry, used)) report(line);
  }
  return opened.registry;
}

function readerLine({ message, notes = [], suggestion }: Problem): string {
  return `${message}: ${notes.map((note) => note.message).join('; ')}. ${sentence(suggestion ?? '')}`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
