import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, isStreamsError } from '../../topology/core/errors.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../embedded/embedded-log.ts';
import { dataLayout } from '../embedded/layout.ts';
import type { Log, Membership, ManagedRegistry } from '../ports.ts';
import type { LogChoice } from './application-log.ts';
import { openKafka } from './open-kafka.ts';
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
  /** Keeps the application from starting meanwhile, where the log can. */
  hold(application: string): Promise<Pick<Membership, 'leave'>>;
  close(): Promise<void>;
}

/**
 * Opens a log that must be there.
 * @throws {ConfigError} LOG_MISSING; what {@link openKafka} throws
 * @throws {StorageError} when it cannot be read
 */
export async function openToolLog(choice: LogChoice): Promise<ToolLog> {
  const { data, kafka } = choice;
  if (kafka === undefined) {
    return onFolder(
      await openEmbeddedLog({ folder: data, clock: systemClock, create: false }),
      data,
    );
  }
  return onKafka(await openKafka(kafka, 'millrace-tool'), data);
}

function onFolder(log: EmbeddedLog, data: string): ToolLog {
  return {
    log,
    registry: log.registry,
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
    close: () => log.close(),
  };
}

function onKafka(log: Log, data: string): ToolLog {
  const { state } = slotFolders(data);
  return {
    log,
    registry: new TopicRegistry(log, 'schemas'),
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
    close: () => log.close(),
  };
}

function running(application: string, who: string, code = 'APPLICATION_OWNED'): ConfigError {
  return new ConfigError(
    code,
    `application "${application}" is running: ${who}. Stop it before it is reset`,
  );
}
