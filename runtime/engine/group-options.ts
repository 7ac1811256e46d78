import { partitionId } from '../../topology/core/topic-partition.ts';
import type { GroupOptions, Log, StateBackend } from '../ports.ts';
import type { EngineParts } from './engine-parts.ts';
import { isOfAnother } from './store-copy.ts';
import { ownChangelogs, type RunnableUnit } from './task-units.ts';

/**
 * Task id → changelog records that the disk of this member holds of its stores; tasks of which it has nothing are absent. `topicIds`: changelog partition → its
 * topic as of now (by {@link partitionId}): a copy of another topic of that name is nothing.
 */
function heldState(
  state: StateBackend,
  units: readonly RunnableUnit[],
  topicIds: ReadonlyMap<string, string>,
): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (const { id, changelog, table } of copies(state, units)) {
    const position = table.position();
    if (position === undefined || isOfAnother(table.topicId(), topicIds.get(changelog))) continue;
    held.set(id, (held.get(id) ?? 0) + position);
  }
  return held;
}

/** Changelog partition ({@link partitionId}) → identity of its topic, of all that this member has a copy of and that the log knows. */
async function changelogIds(
  log: Log,
  state: StateBackend,
  units: readonly RunnableUnit[],
): Promise<ReadonlyMap<string, string>> {
  const asked = copies(state, units).map(({ topic, partition }) => ({ topic, partition }));
  if (asked.length === 0) return new Map();
  const ends = await log.ends(asked, 'uncommitted');
  return new Map(
    ends.flatMap(({ topic, partition, topicId }) =>
      topicId === undefined ? [] : [[partitionId(topic, partition), topicId] as const],
    ),
  );
}

/** The stores with a changelog of their own that are on the disk of this member. */
function copies(state: StateBackend, units: readonly RunnableUnit[]) {
  const present = new Set(state.tables().map(({ store, partition }) => `${store}/${partition}`));
  return units.flatMap(({ id, topology, partition }) =>
    ownChangelogs(topology)
      .filter(({ name }) => present.has(`${name}/${partition}`))
      .map(({ name, changelog: topic }) => ({
        id,
        topic,
        partition,
        changelog: partitionId(topic, partition),
        table: state.open(name, partition),
      })),
  );
}

/** Task id → the sum of its changelogs' ends, to be compared with {@link heldState}; tasks without a changelog are absent. */
export async function stateEnds(
  log: Log,
  units: readonly RunnableUnit[],
): Promise<ReadonlyMap<string, number>> {
  const asked = units.flatMap(({ id, topology, partition }) =>
    ownChangelogs(topology).map(({ changelog: topic }) => ({ id, topic, partition })),
  );
  if (asked.length === 0) return new Map();
  const ends = await log.ends(
    asked.map(({ topic, partition }) => ({ topic, partition })),
    'committed',
  );
  const sums = new Map<string, number>();
  asked.forEach(({ id }, i) => sums.set(id, (sums.get(id) ?? 0) + (ends[i]?.end ?? 0)));
  return sums;
}

/** What an engine says of itself when it joins its group. What it holds is compared with the topics as they are now. */
export async function groupOptions(
  { group, plan, slot, state, log }: EngineParts,
  units: readonly RunnableUnit[],
): Promise<GroupOptions> {
  const topicIds = await changelogIds(log, state, units);
  return {
    ...group,
    group: plan.application,
    topics: [...new Set(units.flatMap(({ inputs }) => inputs.map(({ topic }) => topic)))],
    slot,
    tasks: units.map(({ id, inputs, stores }) => ({ id, inputs, stores })),
    held: () => heldState(state, units, topicIds),
    stateEnds: () => stateEnds(log, units),
  };
}
