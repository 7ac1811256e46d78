import { openEmbeddedLog } from '../embedded/embedded-log.ts';
import type { StoredRegistry } from '../registry/stored-registry.ts';
import type { LogChoice } from './application-log.ts';
import { openKafka } from './open-kafka.ts';
import { systemClock } from './system-clock.ts';
import { TopicRegistry } from './topic-registry.ts';

/**
 * The registry that a log keeps itself; an embedded log is made where there is none.
 * @throws {ConfigError} DATA_FOLDER; what {@link openKafka} throws
 * @throws {StorageError} when the folder cannot be read or written
 */
export async function openOwnRegistry({
  data,
  sync = 'commit',
  kafka,
}: LogChoice): Promise<{ readonly registry: StoredRegistry; close(): Promise<void> }> {
  if (kafka === undefined) {
    const log = await openEmbeddedLog({ folder: data, clock: systemClock, sync });
    return { registry: log.registry, close: () => log.close() };
  }
  const log = await openKafka(kafka, 'millrace-registry');
  const registry = new TopicRegistry(log, `registry-${process.pid}`);
  return { registry, close: () => log.close() };
}
