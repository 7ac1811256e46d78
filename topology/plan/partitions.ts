import { ConfigError } from '../core/errors.ts';
import type { Graph } from '../graph/graph.ts';
import { compareText } from '../graph/sources.ts';
import type { PreviousIds } from './kept-ids.ts';
import type { PlanNode } from './plan.ts';

/** How many partitions topics have where the topology does not say. */
export interface PlanOptions {
  /**
   * Partitions of an external topic that declares none, as the log has them; undefined where the
   * topic is not there. Not asked for topics that declare theirs: `run` compares those with the
   * log.
   */
  readonly partitionsOf?: (topic: string) => number | undefined;
  /** Every topic has so many, whatever is declared. For tests. */
  readonly allPartitions?: number;
  /**
   * Sub-topologies of the plan that ran before this one: they keep their ids. @defaultValue none
   */
  readonly previous?: PreviousIds;
}

/** A group of nodes with the topics that it reads. */
export interface NodeGroup {
  readonly id: string;
  readonly nodes: readonly PlanNode[];
  readonly topics: readonly string[];
}

/**
 * Partitions of one topic as far as they are fixed: declared, as the log has them, or as a
 * `repartition` asks.
 */
export type FixedPartitions = (topic: string) => number | undefined;

/** Fixed partition counts of topics, external ones and repartition topics that ask for a number. */
export function fixedPartitions(
  graph: Graph,
  repartitions: ReadonlyMap<string, number | undefined>,
  options: PlanOptions,
): FixedPartitions {
  const declared = new Map<string, number | undefined>(repartitions);
  for (const source of graph.sources.values()) {
    for (const topic of source.def.topics) {
      if (declared.get(topic) === undefined) declared.set(topic, source.def.partitions);
    }
  }
  return (topic) => {
    if (options.allPartitions !== undefined) return options.allPartitions;
    const count = declared.get(topic);
    if (count !== undefined || repartitions.has(topic)) return count;
    return options.partitionsOf?.(topic);
  };
}

/**
 * Number of tasks of each group: the partition count of the topics that it reads. Repartition
 * topics adapt: to the other topics of their group, else to the largest count of the groups that
 * write to them. Where nothing at all is known it is 1.
 * @throws {ConfigError} PLAN_PARTITIONS when topics that are read together have different counts
 */
export function countPartitions(
  groups: readonly NodeGroup[],
  fixed: FixedPartitions,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const group of groups) {
    const count = fixedCount(group, fixed);
    if (count !== undefined) counts.set(group.id, count);
  }
  const open = groups
    .filter((group) => !counts.has(group.id))
    .sort((a, b) => compareText(a.id, b.id));
  while (open.length > 0) {
    const writers = open.map((group) => writersOf(groups, group).map(({ id }) => counts.get(id)));
    let next = writers.findIndex((known) => known.every((count) => count !== undefined));
    // Groups that write to each other, in a circle of compensations, take what is known of the
    // rest.
    if (next < 0) next = writers.findIndex((known) => known.some((count) => count !== undefined));
    if (next < 0) next = 0;
    const known = (writers[next] ?? []).filter((count) => count !== undefined);
    const [group] = open.splice(next, 1) as [NodeGroup];
    counts.set(group.id, Math.max(1, ...known));
  }
  return counts;
}

function fixedCount(group: NodeGroup, fixed: FixedPartitions): number | undefined {
  const known = group.topics
    .map((topic) => ({ topic, count: fixed(topic) }))
    .filter(({ count }) => count !== undefined);
  const first = known[0];
  const other = known.find(({ count }) => count !== first?.count);
  if (first !== undefined && other !== undefined) {
    throw new ConfigError(
      'PLAN_PARTITIONS',
      `topics "${first.topic}" (${first.count} partitions) and "${other.topic}" ` +
        `(${other.count}) are read together and need the same number: put a "repartition" ` +
        'stage in front of one of them',
    );
  }
  return first?.count;
}

function writersOf(groups: readonly NodeGroup[], group: NodeGroup): readonly NodeGroup[] {
  const topics = new Set(group.topics);
  return groups.filter((writer) =>
    writer.nodes.some(
      (node) =>
        node.kind === 'sink' && node.internal && node.topic !== undefined && topics.has(node.topic),
    ),
  );
}
