import { seededRandom } from '../../topology/core/random.ts';
import type { Log } from '../ports.ts';
import { kafkaLogOptions, type KafkaSettings } from './kafka-settings.ts';
import { systemClock } from './system-clock.ts';

/**
 * Opens the log on a cluster. The adapter and its client are loaded when a cluster is asked for: they take longer to load
 * than `check` takes to check.
 * @throws {ConfigError} settings that cannot be
 * @throws {StorageError} LOG_UNAVAILABLE when no broker answers
 */
export async function openKafka(settings: KafkaSettings, application: string): Promise<Log> {
  const { openKafkaLog } = await import('../kafka/kafka-log.ts');
  return openKafkaLog({
    ...kafkaLogOptions(settings),
    application,
    clock: systemClock,
    random: seededRandom(systemClock.now() + process.pid),
  });
}
