import { join } from 'node:path';
import type { SyncMode } from '../embedded/durability.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../embedded/embedded-log.ts';
import { dataLayout } from '../embedded/layout.ts';
import { applicationOwned } from '../log/log-errors.ts';
import type { Log, ManagedRegistry } from '../ports.ts';
import type { StoredRegistry } from '../registry/stored-registry.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { closeAll } from './close-all.ts';
import { openKafka } from './open-kafka.ts';
import { checkRegistry, openRegistry } from './open-registry.ts';
import type { RegistryChoice } from './runner-file-registry.ts';
import { slotFolders, slotId, takeSlot } from './slots.ts';
import { systemClock } from './system-clock.ts';
import { TopicRegistry } from './topic-registry.ts';

/** On what log something runs. */
export interface LogChoice {
  /** Data folder: of the embedded log and the state stores, on Kafka of the state stores alone. */
  readonly data: string;
  /** When commits to the embedded log are forced to the disk. @defaultValue 'commit' */
  readonly sync?: SyncMode;
  /** The Kafka cluster. @defaultValue the embedded log */
  readonly kafka?: KafkaSettings;
  /** @defaultValue the log's own registry, which nobody else is told of */
  readonly registry?: RegistryChoice;
  /** Told when a registry by URL is waited for. @defaultValue nobody is */
  readonly report?: (message: string) => void;
}

/** A log, with what an application beside it needs. */
export interface ApplicationLog {
  readonly log: Log;
  readonly registry: ManagedRegistry;
  /** The log's own registry, whichever is used. */
  readonly ownRegistry: StoredRegistry;
  /** Stable identity of this member. */
  readonly slot: string;
  /** Folder and name of its state stores. */
  readonly state: { readonly folder: string; readonly name: string };
  /** Several members share the application: a leader admits them (design.md 8). */
  readonly shared: boolean;
  /** Brokers of the cluster; undefined: it is the embedded log. */
  readonly brokers?: readonly string[];
  /** Does a bounded piece of upkeep. */
  maintain(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the log that an application is to run on.
 * @throws {ConfigError} APPLICATION_OWNED on an embedded log on which it runs already, DATA_FOLDER; what {@link openKafkaLog} throws
 * @throws {StorageError} when the folder cannot be read or written
 */
export async function openApplicationLog(
  application: string,
  choice: LogChoice,
): Promise<ApplicationLog> {
  checkRegistry(choice.registry);
  return choice.kafka === undefined
    ? openOnFolder(application, choice)
    : openOnKafka(application, choice, choice.kafka);
}

async function openOnFolder(application: string, choice: LogChoice): Promise<ApplicationLog> {
  const { data, sync = 'commit' } = choice;
  const log = await openEmbeddedLog({ folder: data, clock: systemClock, sync });
  try {
    refuseSecondOwner(log, application);
    const folder = join(dataLayout(data).root, 'state');
    const opened = openRegistry(log.registry, choice.registry, choice.report);
    return {
      log,
      registry: opened.registry,
      ownRegistry: log.registry,
      slot: slotId(join(folder, `${application}.slot`)),
      state: { folder, name: application },
      shared: false,
      maintain: async () => {
        await log.maintain();
      },
      close: () => closeAll([() => log.close(), () => opened.close()]),
    };
  } catch (error) {
    await log.close().catch(() => {});
    throw error;
  }
}

/** Looks before the state of a running application is opened; {@link Log.join} decides. */
function refuseSecondOwner(log: EmbeddedLog, application: string): void {
  const owner = log.owner(application);
  if (owner === undefined) return;
  const since = new Date(owner.sinceMs).toISOString();
  throw applicationOwned(application, `process ${owner.pid} has it since ${since}`);
}

async function openOnKafka(
  application: string,
  choice: LogChoice,
  settings: KafkaSettings,
): Promise<ApplicationLog> {
  const { data } = choice;
  const slot = await takeSlot(data, application, systemClock);
  try {
    const log = await openKafka(settings, application);
    const own = new TopicRegistry(log, `schemas-${slot.id}`);
    const opened = openRegistry(own, choice.registry, choice.report);
    return {
      log,
      registry: opened.registry,
      ownRegistry: own,
      slot: slot.id,
      state: { folder: slotFolders(data).state, name: slot.name },
      shared: true,
      brokers: settings.brokers,
      maintain: async () => {},
      close: async () => {
        try {
          await closeAll([() => log.close(), () => opened.close()]);
        } finally {
          await slot.release();
        }
      },
    };
  } catch (error) {
    await slot.release();
    throw error;
  }
}
