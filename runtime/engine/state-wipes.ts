import { TaskCorruptedError } from '../../topology/core/errors.ts';
import type { Report } from '../logger.ts';
import type { Log, StateBackend } from '../ports.ts';
import { wipeStore } from '../state/restore.ts';
import type { Task } from '../task/task.ts';
import type { RunnableUnit } from './task-units.ts';

/** Drops the local state of tasks that failed because a row of it is broken: the next start restores it. */
export async function wipeCorrupted(state: StateBackend, tasks: readonly Task[]): Promise<void> {
  for (const { failure, topology, partition } of tasks) {
    if (!(failure instanceof TaskCorruptedError)) continue;
    for (const { name } of topology.stores) await wipeStore(state, name, partition);
  }
}

/**
 * Where the log may have lost acknowledged records since the state was written (another incarnation), drops the stores that are backed by source topics: others write
 * these, so that their offsets may stand for other records. What a changelog holds was written by the application itself, and its end tells.
 */
export async function wipeDistrusted(
  log: Log,
  state: StateBackend,
  units: readonly RunnableUnit[],
  report: Report,
): Promise<void> {
  const known = state.incarnation();
  if (known === undefined || known === log.incarnation) return;
  const present = new Set(state.tables().map(({ store, partition }) => `${store}/${partition}`));
  for (const { topology, partition } of units) {
    for (const { name, sourceBacked } of topology.stores) {
      if (!sourceBacked || !present.has(`${name}/${partition}`)) continue;
      const position = state.open(name, partition).position();
      if (position === undefined) continue;
      report(
        `store "${name}" of partition ${partition} is at ${position}, and its source topic may have lost records: it is rebuilt`,
        { level: 'warn', store: name, partition },
      );
      await wipeStore(state, name, partition);
    }
  }
}
