import { parkedStore } from '../core/names.ts';
import type { ErrorPolicyDef } from '../definition/definition.ts';
import { parkingOfPolicy } from '../graph/error-policies.ts';
import { compareText } from '../graph/sources.ts';
import type { NodeGroup } from './partitions.ts';
import type { Parking, PlanNode } from './plan.ts';

/** The policy of a stage of its own; undefined where it has none. */
export type OwnPolicy = (stage: string) => ErrorPolicyDef | undefined;

/**
 * How the tasks of a sub-topology hold records. Its sources work under the policy `fallback`, and
 * so does each node whose stage has none; what goes into a repartition topic is of the stage behind
 * it. Where policies differ, the smallest bound holds, and it stops if one of them does. Undefined
 * where no policy parks, or where nothing is read but tables.
 */
export function parkingOf(
  { id, nodes }: NodeGroup,
  fallback: ErrorPolicyDef,
  own: OwnPolicy,
): Parking | undefined {
  const stages = nodes.flatMap((node) => (node.kind === 'source' ? [] : [node.stage]));
  const policies = [fallback, ...stages.map(own)].filter((policy) => policy !== undefined);
  const parks = policies.map(parkingOfPolicy).filter((park) => park !== undefined);
  const topics = [...new Set(nodes.flatMap(heldTopics))].sort(compareText);
  if (parks.length === 0 || topics.length === 0) return undefined;
  return {
    store: parkedStore(id),
    topics,
    most: Math.min(...parks.map(({ most }) => most)),
    whenFull: parks.some(({ whenFull }) => whenFull === 'stop') ? 'stop' : 'wait',
  };
}

/** A re-grouped table comes as changes, whose order counts: they are held like a stream. */
function heldTopics(node: PlanNode): readonly string[] {
  if (node.kind !== 'source') return [];
  return node.type.kind === 'table' && !node.internal ? [] : node.topics;
}
