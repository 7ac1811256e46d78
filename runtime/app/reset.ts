import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, StorageError } from '../../topology/core/errors.ts';
import { controlTopic, resolutionsTopic } from '../../topology/core/names.ts';
import { dataLayout } from '../embedded/layout.ts';
import { processesInside } from '../embedded/recovery.ts';
import type { Log } from '../ports.ts';
import type { ToolLog } from './tool-log.ts';

/** What a reset of an application takes away. */
export interface ResetPlan {
  readonly application: string;
  /** Control topic, changelogs and repartition topics that are there. */
  readonly topics: readonly string[];
  /** Folders of its state stores that are there. */
  readonly state: readonly string[];
  /** It has committed positions. */
  readonly positions: boolean;
}

/**
 * What a reset of the application would take away. Its internal topics are known by name; one that
 * could be two applications' is the one's with the longer name.
 * @throws {ConfigError} APPLICATION_OWNED, GROUP_ACTIVE when it is running
 */
export async function planReset(tool: ToolLog, application: string): Promise<ResetPlan> {
  const { log } = tool;
  await tool.refuseRunning(application);
  const names = (await log.admin.list()).map(({ name }) => name);
  const groups = await log.admin.groups();
  const longer = applicationsIn(names, groups).filter(
    (other) => other !== application && other.startsWith(`${application}-`),
  );
  return {
    application,
    topics: names.filter(
      (name) => isInternal(name, application) && !longer.some((other) => isInternal(name, other)),
    ),
    state: tool.stateOf(application),
    positions: groups.includes(application),
  };
}

/** Names of the applications that a log knows, sorted. */
export async function knownApplications(log: Log): Promise<readonly string[]> {
  const names = (await log.admin.list()).map(({ name }) => name);
  return applicationsIn(names, await log.admin.groups());
}

/** The application that made a topic for itself: of several whose name fits the one with the longest; undefined: none did. */
export async function ownerOfTopic(log: Log, topic: string): Promise<string | undefined> {
  const owners = (await knownApplications(log)).filter((name) => isInternal(topic, name));
  return owners.sort((a, b) => b.length - a.length)[0];
}

/**
 * Takes away what the plan says; a reset that was cut off is finished by another one. Between its
 * steps the application cannot start, or is refused because its
 * changelogs are gone.
 * @throws {ConfigError} APPLICATION_OWNED, GROUP_ACTIVE when it is running
 */
export async function resetApplication(tool: ToolLog, plan: ResetPlan): Promise<void> {
  const { application, topics, state } = plan;
  const { admin } = tool.log;
  await tool.refuseRunning(application);
  const held = await tool.hold(application);
  try {
    for (const topic of inOrder(topics, application)) await admin.delete(topic);
    for (const folder of state) remove(folder);
  } finally {
    await held.leave();
  }
  await admin.setPositions(application, undefined);
}

/** Changelogs before the plans: while one of the stores that the plan lists has none, nothing starts. */
function inOrder(topics: readonly string[], application: string): readonly string[] {
  const control = controlTopic(application);
  return [
    ...topics.filter((name) => name !== control),
    ...topics.filter((name) => name === control),
  ];
}

/** What a reset of a whole data folder takes away, and what it leaves. */
export interface FolderResetPlan {
  /** The log and the state stores. */
  readonly folders: readonly string[];
  /** Names of what else lies in the data folder: it is not Millrace's. */
  readonly others: readonly string[];
}

/**
 * What a reset of the data folder would take away.
 * @throws {ConfigError} LOG_MISSING when it is no data folder, DATA_IN_USE when a process has it
 * open
 */
export async function planFolderReset(folder: string): Promise<FolderResetPlan> {
  const layout = dataLayout(folder);
  if (!existsSync(layout.control)) {
    throw new ConfigError(
      'LOG_MISSING',
      `there is no log in "${folder}": nothing of it is deleted; check the data folder`,
    );
  }
  await refuseUsed(folder);
  const own = [layout.log, join(layout.root, 'state'), layout.status].filter(existsSync);
  const ours = new Set(['log', 'state', 'status']);
  const others = readdirSync(folder).filter((name) => !ours.has(name));
  return { folders: own, others: others.sort() };
}

/**
 * Takes the log and all state of a data folder away, and the folder itself if nothing else lies in
 * it.
 * @throws {ConfigError} DATA_IN_USE when a process has it open
 */
export async function resetFolder(folder: string, plan: FolderResetPlan): Promise<void> {
  await refuseUsed(folder);
  for (const path of plan.folders) remove(path);
  if (plan.others.length === 0) rmdirSync(folder);
}

async function refuseUsed(folder: string): Promise<void> {
  const pids = await processesInside(dataLayout(folder)).catch((error: unknown) => {
    // A log that cannot be read is no reason to keep it.
    if (error instanceof StorageError) return [];
    throw error;
  });
  if (pids.length > 0) {
    const who = `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}`;
    throw new ConfigError('DATA_IN_USE', `"${folder}" is in use by ${who}: stop that first`);
  }
}

function isInternal(topic: string, application: string): boolean {
  return (
    topic === controlTopic(application) ||
    topic === resolutionsTopic(application) ||
    (topic.startsWith(`${application}-`) && /-(?:changelog|repartition)$/.test(topic))
  );
}

function applicationsIn(topics: readonly string[], groups: readonly string[]): string[] {
  const suffix = controlTopic('');
  const byControl = topics.filter((name) => name.endsWith(suffix));
  const names = byControl.map((name) => name.slice(0, -suffix.length));
  return [...new Set([...groups, ...names])].sort();
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw new StorageError(
      'DATA_FOLDER',
      `cannot delete ${path} (${(error as Error).message}): check its permissions, and reset again`,
      { cause: error },
    );
  }
}
