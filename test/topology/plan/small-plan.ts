import type { Definition } from '../../../topology/definition/definition.ts';
import { typeName } from '../../../topology/graph/avro-types.ts';
import type { PlanOptions } from '../../../topology/plan/partitions.ts';
import type {
  Plan,
  PlanNode,
  SinkNode,
  SourceNode,
  StageNode,
} from '../../../topology/plan/plan.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { graphOf } from '../graph/small.ts';

export function planOf(definition: Definition, options: PlanOptions = {}): Plan {
  return plan(graphOf(definition), options);
}

function node(made: Plan, name: string): PlanNode {
  const all = made.subTopologies.flatMap((sub) => sub.nodes);
  const found = all.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  throw new Error(`no node ${name} among ${all.map((candidate) => candidate.name).join(', ')}`);
}

function ofKind<K extends PlanNode['kind']>(
  made: Plan,
  name: string,
  kind: K,
): Extract<PlanNode, { kind: K }> {
  const found = node(made, name);
  if (found.kind !== kind) throw new Error(`${name} is a ${found.kind}`);
  return found as Extract<PlanNode, { kind: K }>;
}

export const sourceOf = (made: Plan, name: string): SourceNode => ofKind(made, name, 'source');
export const stageOf = (made: Plan, name: string): StageNode => ofKind(made, name, 'stage');
export const sinkOf = (made: Plan, name: string): SinkNode => ofKind(made, name, 'sink');

/** `id: node, node` of each sub-topology. */
export function shape(made: Plan): readonly string[] {
  return made.subTopologies.map(
    (sub) => `${sub.id}: ${sub.nodes.map((candidate) => candidate.name).join(', ')}`,
  );
}

/** `name partitions` of topics of one role. */
export function topicsOf(made: Plan, role: string): readonly string[] {
  return [...made.topics.values()]
    .filter((topic) => topic.role === role)
    .map((topic) => `${topic.name} ${topic.partitions}`);
}

/** `name: key → value, changelog` of each store. */
export function storesOf(made: Plan): readonly string[] {
  return [...made.stores.values()].map(
    ({ name, key, value, changelog, ttl }) =>
      `${name}: ${typeName(key)} → ${typeName(value)}, ${changelog}, ttl ${ttl}`,
  );
}
