import { taskId } from '../../core/names.ts';
import type { TopicPartition } from '../../core/topic-partition.ts';
import type { Manifest } from './manifest.ts';

/** A task of a plan, as a group assigns it. */
export interface ManifestTask {
  readonly id: string;
  readonly inputs: readonly TopicPartition[];
  /** Number of its stores with a changelog of their own. */
  readonly stores: number;
}

/** All tasks of the plan of a manifest. */
export function manifestTasks(manifest: Manifest): readonly ManifestTask[] {
  const tasks: ManifestTask[] = [];
  for (const [id, { sourceTopics, partitions, stores }] of Object.entries(manifest.subTopologies)) {
    const own = stores.filter((store) => manifest.stores[store]?.sourceBacked === false).length;
    for (let partition = 0; partition < partitions; partition++) {
      const inputs = sourceTopics
        .filter((topic) => partition < (manifest.topics[topic]?.partitions ?? partitions))
        .map((topic) => ({ topic, partition }));
      tasks.push({ id: taskId(id, partition), inputs, stores: own });
    }
  }
  return tasks;
}
