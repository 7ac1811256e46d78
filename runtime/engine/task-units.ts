import { taskId } from '../../topology/core/names.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import type { StorePlan } from '../../topology/plan/plan.ts';
import type { TaskUnit } from '../ports.ts';
import type { CompiledSubTopology } from '../task/compiled.ts';

/** A task as a unit of assignment, with what it is made of. */
export interface RunnableUnit extends TaskUnit {
  readonly topology: CompiledSubTopology;
  readonly partition: number;
}

/** All tasks of the sub-topologies, in their order, then by partition; those without an input are none. */
export function taskUnits(
  topologies: readonly CompiledSubTopology[],
  partitionsOf: (topic: string) => number,
): readonly RunnableUnit[] {
  const units: RunnableUnit[] = [];
  for (const topology of topologies) {
    const topics = [...new Set(topology.sources.flatMap((source) => [...source.node.topics]))];
    const stores = ownChangelogs(topology).length;
    for (let partition = 0; partition < topology.partitions; partition++) {
      const inputs = topics
        .filter((topic) => partition < partitionsOf(topic))
        .map((topic) => ({ topic, partition }));
      if (inputs.length === 0) continue;
      units.push({ id: taskId(topology.id, partition), inputs, stores, topology, partition });
    }
  }
  return units;
}

/** Stores of a sub-topology with a changelog of their own: what a member holds of them is what it need not read. */
export function ownChangelogs(topology: CompiledSubTopology): readonly StorePlan[] {
  return topology.stores.filter((store) => !store.sourceBacked);
}

/** True when all inputs of the unit are among the partitions (ids as of {@link partitionId}). */
export function ownsInputs(unit: TaskUnit, owned: ReadonlySet<string>): boolean {
  return unit.inputs.every(({ topic, partition }) => owned.has(partitionId(topic, partition)));
}
