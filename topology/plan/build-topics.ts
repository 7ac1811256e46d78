import type { EdgeType } from '../core/edge.ts';
import { callLogTopic, controlTopic, redrivenTopic, resolutionsTopic } from '../core/names.ts';
import { defaultLogRetentionMs } from '../definition/nodes/call-policy.ts';
import { policiesOf } from '../graph/error-policies.ts';
import type { Graph, GraphSource } from '../graph/graph.ts';
import { compareText } from '../graph/sources.ts';
import type { FixedPartitions } from './partitions.ts';
import type { StorePlan, SubTopology, TopicPlan } from './plan.ts';

/** How long a decision of a person is kept, ms: an application may stand still meanwhile. */
const resolutionRetentionMs = 90 * 24 * 3_600_000;

/** What the topics of a plan follow from. */
export interface TopicParts {
  readonly graph: Graph;
  readonly subTopologies: readonly SubTopology[];
  readonly stores: ReadonlyMap<string, StorePlan>;
  readonly fixed: FixedPartitions;
}

/**
 * Every topic that is read or written, in order of names. Declared streams that nothing uses are
 * none of them.
 */
export function buildTopics(parts: TopicParts): ReadonlyMap<string, TopicPlan> {
  const topics = new Map<string, TopicPlan>();
  const add = (topic: TopicPlan): void => {
    if (!topics.has(topic.name)) topics.set(topic.name, topic);
  };
  const used = usedTopics(parts);
  for (const source of parts.graph.sources.values()) {
    for (const topic of source.def.topics) {
      if (used.has(topic)) add(declaredTopic(source, topic, parts.fixed(topic)));
    }
  }
  for (const sub of parts.subTopologies) {
    for (const node of sub.nodes) {
      if (node.kind === 'source' && node.internal) {
        for (const topic of node.topics) add(repartitionPlan(topic, sub, node.type));
      }
    }
    for (const name of sub.stores) {
      const store = parts.stores.get(name);
      if (store !== undefined && !store.sourceBacked) add(changelogPlan(store, sub.partitions));
    }
  }
  const { application } = parts.graph.definition;
  add(internalTopic(controlTopic(application), 'control'));
  for (const topic of callTopics(application, parts.subTopologies)) add(topic);
  // Without parking the first redrive makes it: the application does not read it.
  if (parts.subTopologies.some(({ parking }) => parking !== undefined)) {
    add(internalTopic(redrivenTopic(application), 'redriven'));
  }
  for (const { policy } of policiesOf(parts.graph.definition)) {
    if ('deadLetter' in policy) add(internalTopic(policy.deadLetter, 'dead-letter'));
  }
  return new Map([...topics].sort(([a], [b]) => compareText(a, b)));
}

function usedTopics(parts: TopicParts): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { nodes } of parts.subTopologies) {
    for (const node of nodes) {
      if (node.kind === 'source') node.topics.forEach((topic) => used.add(topic));
      if (node.kind !== 'sink') continue;
      if (node.topic !== undefined) used.add(node.topic);
      for (const topic of Object.values(node.choices ?? {})) used.add(topic);
    }
  }
  for (const store of parts.stores.values()) {
    if (store.global) used.add(store.changelog);
  }
  return used;
}

function declaredTopic(
  source: GraphSource,
  name: string,
  partitions: number | undefined,
): TopicPlan {
  const { def, type } = source;
  return {
    name,
    role: source.kind === 'stream' ? 'stream' : 'table',
    ...(partitions === undefined ? {} : { partitions }),
    cleanup: def.cleanup ?? 'delete',
    retention: def.retention ?? 'forever',
    internal: false,
    key: type.key,
    value: type.value,
    format: def.format ?? 'avro',
    ...(def.subject === undefined ? {} : { subject: def.subject }),
    ...(def.keySubject === undefined ? {} : { keySubject: def.keySubject }),
    coPartitionedWith: [],
  };
}

function repartitionPlan(name: string, sub: SubTopology, type: EdgeType): TopicPlan {
  return {
    name,
    role: 'repartition',
    partitions: sub.partitions,
    cleanup: 'delete',
    retention: 'forever',
    internal: true,
    key: type.key,
    value: type.value,
    format: 'avro',
    coPartitionedWith: sub.sourceTopics.filter((topic) => topic !== name),
  };
}

function changelogPlan(store: StorePlan, partitions: number): TopicPlan {
  return {
    name: store.changelog,
    role: 'changelog',
    partitions,
    cleanup: 'compact',
    retention: 'forever',
    internal: true,
    key: store.key,
    value: store.value,
    format: 'avro',
    coPartitionedWith: [],
  };
}

/** A call log for each call stage, and one topic for what people decide. */
function callTopics(application: string, subs: readonly SubTopology[]): readonly TopicPlan[] {
  const own = { cleanup: 'delete', internal: true, coPartitionedWith: [] } as const;
  const logs = subs.flatMap(({ nodes, partitions }) =>
    nodes.flatMap((node): TopicPlan[] => {
      if (node.kind !== 'stage' || node.operator.kind !== 'call') return [];
      const retention = node.operator.logRetentionMs ?? defaultLogRetentionMs;
      const name = callLogTopic(application, node.name);
      return [{ ...own, name, role: 'call-log', partitions, retention }];
    }),
  );
  if (logs.length === 0) return [];
  const name = resolutionsTopic(application);
  const retention = resolutionRetentionMs;
  return [...logs, { ...own, name, role: 'resolutions', partitions: 1, retention }];
}

function internalTopic(name: string, role: 'control' | 'redriven' | 'dead-letter'): TopicPlan {
  return {
    name,
    role,
    partitions: 1,
    cleanup: role === 'dead-letter' ? 'delete' : 'compact',
    retention: 'forever',
    internal: role !== 'dead-letter',
    coPartitionedWith: [],
  };
}
