import type { EdgeType } from '../core/edge.ts';
import { typeName } from '../graph/avro-types.ts';
import type { DescribedNode } from './describe-nodes.ts';
import { describeGlobal, describeNodes } from './describe-nodes.ts';
import type { Parking, Plan, PlanNode, StorePlan, TopicPlan } from './plan.ts';

/**
 * A plan for programs: what `describe --format json` prints. Types are given by name; what does not
 * apply is absent.
 */
export interface PlanDescription {
  readonly application: string;
  readonly subTopologies: readonly {
    readonly id: string;
    /** Number of tasks. */
    readonly partitions: number;
    readonly sourceTopics: readonly string[];
    readonly stores: readonly string[];
    /** Where records of a key with a dead letter wait behind it. */
    readonly parking?: Parking;
    readonly nodes: readonly NodeDescription[];
  }[];
  readonly globalTables: readonly {
    readonly name: string;
    readonly store: string;
    readonly nodes: readonly NodeDescription[];
  }[];
  readonly topics: readonly TopicDescription[];
  readonly stores: readonly StoreDescription[];
}

export interface NodeDescription {
  readonly name: string;
  readonly kind: DescribedNode['kind'];
  /** The stage that the author wrote. Absent for sources. */
  readonly stage?: string;
  /** Kind of the operator of a processor; `table` for what keeps a table's rows. */
  readonly operator?: string;
  readonly topics?: readonly string[];
  readonly stores?: readonly string[];
  /** The key is made anew here. */
  readonly rekeys?: true;
  /** Output port → type. */
  readonly outputs?: Readonly<Record<string, TypeDescription>>;
  readonly predecessors: readonly string[];
  readonly successors: readonly string[];
}

export interface TypeDescription {
  readonly kind: EdgeType['kind'];
  readonly key: string;
  readonly value: string;
}

export interface TopicDescription {
  readonly name: string;
  readonly role: TopicPlan['role'];
  readonly partitions?: number;
  readonly cleanup: TopicPlan['cleanup'];
  readonly retention: number | 'forever';
  readonly internal: boolean;
  readonly key?: string;
  readonly value?: string;
  readonly format?: string;
  readonly coPartitionedWith?: readonly string[];
}

export interface StoreDescription {
  readonly name: string;
  readonly key: string;
  readonly value: string;
  readonly ttl: StorePlan['ttl'];
  readonly changelog: string;
  readonly sourceBacked: boolean;
  readonly global: boolean;
}

/** The plan as data that JSON can hold, in a stable order. */
export function describeJson(plan: Plan): PlanDescription {
  return {
    application: plan.application,
    subTopologies: plan.subTopologies.map((sub) => ({
      id: sub.id,
      partitions: sub.partitions,
      sourceTopics: sub.sourceTopics,
      stores: sub.stores,
      ...(sub.parking === undefined ? {} : { parking: sub.parking }),
      nodes: describeNodes(sub.nodes).map(nodeDescription),
    })),
    globalTables: describeGlobal(plan).map(({ source, processor }) => ({
      name: processor.name,
      store: processor.stores[0] ?? processor.name,
      nodes: [source, processor].map(nodeDescription),
    })),
    topics: [...plan.topics.values()].map(topicDescription),
    stores: [...plan.stores.values()].map((store) => ({
      name: store.name,
      key: typeName(store.key),
      value: typeName(store.value),
      ttl: store.ttl,
      changelog: store.changelog,
      sourceBacked: store.sourceBacked,
      global: store.global,
    })),
  };
}

/**
 * True where records leave a node with another key than they came with, as far as the plan can
 * tell.
 */
export function rekeys(node: PlanNode): boolean {
  if (node.kind !== 'stage') return false;
  const { operator } = node;
  switch (operator.kind) {
    case 'rekey':
    case 'regroup':
    case 'flat-map':
    case 'process':
      return true;
    case 'map':
      return operator.key !== undefined || operator.use !== undefined;
    case 'to-stream':
      return operator.key !== undefined;
    default:
      return false;
  }
}

function nodeDescription(described: DescribedNode): NodeDescription {
  const { node, kind } = described;
  const { name, topics, stores, predecessors, successors } = described;
  const outputs = node.kind === 'stage' ? node.outputs : undefined;
  const operator =
    node.kind === 'stage' ? node.operator.kind : kind === 'processor' ? 'table' : undefined;
  return {
    name,
    kind,
    ...(node.kind === 'source' ? {} : { stage: node.stage }),
    ...(operator === undefined ? {} : { operator }),
    ...(topics.length === 0 ? {} : { topics }),
    ...(kind === 'processor' ? { stores } : {}),
    ...(rekeys(node) ? { rekeys: true } : {}),
    ...(outputs === undefined ? {} : { outputs: typesOf(outputs) }),
    predecessors,
    successors,
  };
}

function typesOf(
  outputs: Readonly<Record<string, EdgeType>>,
): Readonly<Record<string, TypeDescription>> {
  const entries = Object.entries(outputs).map(([port, { kind, key, value }]) => [
    port,
    { kind, key: typeName(key), value: typeName(value) },
  ]);
  return Object.fromEntries(entries) as Record<string, TypeDescription>;
}

function topicDescription(topic: TopicPlan): TopicDescription {
  const { name, role, partitions, cleanup, retention, internal, key, value, format } = topic;
  return {
    name,
    role,
    ...(partitions === undefined ? {} : { partitions }),
    cleanup,
    retention,
    internal,
    ...(key === undefined ? {} : { key: typeName(key) }),
    ...(value === undefined ? {} : { value: typeName(value) }),
    ...(format === undefined ? {} : { format }),
    ...(topic.coPartitionedWith.length === 0 ? {} : { coPartitionedWith: topic.coPartitionedWith }),
  };
}
