import type { GroupOptions, Log, StateBackend } from '../ports.ts';
import type { EngineParts } from './engine-parts.ts';
import { ownChangelogs, type RunnableUnit } from './task-units.ts';

/** Task id → changelog records that the disk of this member holds of its stores; tasks of which it has nothing are absent. */
export function heldState(
  state: StateBackend,
  units: readonly RunnableUnit[],
): ReadonlyMap<string, number> {
  const present = new Set(state.tables().map(({ store, partition }) => `${store}/${partition}`));
  const held = new Map<string, number>();
  for (const { id, topology, partition } of units) {
    let sum: number | undefined;
    for (const { name } of ownChangelogs(topology)) {
      if (!present.has(`${name}/${partition}`)) continue;
      const position = state.open(name, partition).position();
      if (position !== undefined) sum = (sum ?? 0) + position;
    }
    if (sum !== undefined) held.set(id, sum);
  }
  return held;
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

/** What an engine says of itself when it joins its group. */
export function groupOptions(
  { group, plan, slot, state, log }: EngineParts,
  units: readonly RunnableUnit[],
): GroupOptions {
  return {
    ...group,
    group: plan.application,
    topics: [...new Set(units.flatMap(({ inputs }) => inputs.map(({ topic }) => topic)))],
    slot,
    tasks: units.map(({ id, inputs, stores }) => ({ id, inputs, stores })),
    held: () => heldState(state, units),
    stateEnds: () => stateEnds(log, units),
  };
}
