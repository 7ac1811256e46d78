import { isPrimitiveKey } from '../../schemas/index.ts';
import type { Plan, StorePlan, SubTopology } from '../../topology/plan/plan.ts';

/**
 * True where the keys of a store choose their partition, so that one partition has each: the store is a table (of a source, or of an aggregation), its keys are
 * primitive, and nothing of this application writes its input to partitions of its own choice. What others write is taken to be partitioned as Kafka's
 * default partitioner does. (Keys that are records have a schema id in their bytes, which their writer may have chosen: not known.)
 */
export function isPartitionKey(plan: Plan, sub: SubTopology, store: StorePlan): boolean {
  if (!isPrimitiveKey(store.key)) return false;
  const isTable = sub.nodes.some((node) => node.kind !== 'sink' && node.store === store.name);
  const inputs = new Set(sub.sourceTopics);
  const chosen = plan.subTopologies.some(({ nodes }) =>
    nodes.some((node) => {
      if (node.kind !== 'sink' || node.partitionBy === undefined) return false;
      const topics = node.topic === undefined ? Object.values(node.choices ?? {}) : [node.topic];
      return topics.some((topic) => inputs.has(topic));
    }),
  );
  return isTable && !chosen;
}
