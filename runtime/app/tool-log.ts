import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, isStreamsError } from '../../topology/core/errors.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../embedded/embedded-log.ts';
import { dataLayout } from '../embedded/layout.ts';
import type { Log, Membership, ManagedRegistry } from '../ports.ts';
import type { LogChoice } from './application-log.ts';
import { closeAll } from './close-all.ts';
import { openKafka } from './open-kafka.ts';
import { checkRegistry, openRegistry } from './open-registry.ts';
import type { RegistryChoice } from './runner-file-registry.ts';
import { slotFolders, slotHolders, slotsOf } from './slots.ts';
import { systemClock } from './system-clock.ts';
import { TopicRegistry } from './topic-registry.ts';

/** A log as tools use it: beside applications that may be running. */
export interface ToolLog {
  readonly log: Log;
  readonly registry: ManagedRegistry;
  /** Folders of an application's state in the data folder, that are there. */
  stateOf(application: string): readonly string[];
  /** @throws {ConfigError} APPLICATION_OWNED, GROUP_ACTIVE when the application is running */
  refuseRunning(application: string): Promise<void>;
  /** Keeps the application from starting meanwhile, where {@link ToolLog.holds} says that the log can. */
  hold(application: string): Promise<Pick<Membership, 'leave'>>;
  readonly holds: boolean;
  close(): Promise<void>;
}

/**
 * Opens a log that must be there.
 * @throws {ConfigError} LOG_MISSING; what {@link openKafka} throws
 * @throws {StorageError} when it cannot be read
 */
export async function openToolLog(choice: LogChoice): Promise<ToolLog> {
  const { data, kafka, registry } = choice;
  checkRegistry(registry);
  if (kafka === undefined) {
    return onFolder(
      await openEmbeddedLog({ folder: data, clock: systemClock, create: false }),
      data,
      registry,
    );
  }
  return onKafka(await openKafka(kafka, 'millrace-tool'), data, registry);
}

function onFolder(log: EmbeddedLog, data: string, choice?: RegistryChoice): ToolLog {
  const opened = openRegistry(log.registry, choice);
  return {
    log,
    registry: opened.registry,
    stateOf: (application) => [dataLayout(data).state(application)].filter(existsSync),
    refuseRunning: async (application) => {
      const owner = log.owner(application);
      if (owner === undefined) return;
      const since = new Date(owner.sinceMs).toISOString();
      throw running(application, `process ${owner.pid} has it since ${since}`);
    },
    hold: (application) => {
      const ignore = async (): Promise<void> => {};
      return log.join(
        { group: application, topics: [], slot: 'reset' },
        { assigned: ignore, revoked: ignore, lost: ignore },
      );
    },
    holds: true,
    close: () => closeAll([() => log.close(), () => opened.close()]),
  };
}

function onKafka(log: Log, data: string, choice?: RegistryChoice): ToolLog {
  const { state } = slotFolders(data);
  const opened = openRegistry(new TopicRegistry(log, 'schemas'), choice);
  return {
    log,
    registry: opened.registry,
    stateOf: (application) =>
      slotsOf(data, application)
        .map((name) => join(state, name))
        .filter(existsSync),
    refuseRunning: async (application) => {
      const [holder] = await slotHolders(data, application);
      if (holder !== undefined) throw running(application, `process ${holder.pid} is a member`);
      // Sets nothing, and is refused all the same while there are members.
      await log.admin.setPositions(application, []).catch((error: unknown) => {
        if (!isStreamsError(error) || error.code !== 'GROUP_ACTIVE') throw error;
        throw running(application, 'its group has members', 'GROUP_ACTIVE');
      });
    },
    hold: async () => ({ leave: async () => {} }),
    holds: false,
    close: () => closeAll([() => log.close(), () => opened.close()]),
  };
}

function running(application: string, who: string, code = 'APPLICATION_OWNED'): ConfigError {
  return new ConfigError(
    code,
    `application "${application}" is running: ${who}. Stop it before it is reset`,
  );
}
