import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import { partitionUnknown, topicUnknown } from '../log/log-errors.ts';
import type { KafkaWire, NodeId, TopicMetadata } from './wire.ts';

/** Partitions by the broker that leads them. */
export interface Leaders<T> {
  readonly byNode: ReadonlyMap<NodeId, readonly T[]>;
  /** Those without a leader at the moment. */
  readonly leaderless: readonly T[];
}

/**
 * Groups partitions, or what stands for them, by leader; the order stays.
 * @throws {ConfigError} TOPIC_UNKNOWN, PARTITION_UNKNOWN
 */
export async function byLeader<T extends TopicPartition>(
  wire: KafkaWire,
  partitions: readonly T[],
  refresh = false,
): Promise<Leaders<T>> {
  const names = [...new Set(partitions.map(({ topic }) => topic))];
  let topics = await wire.topics(names, refresh);
  // What is missing may be newer than what the carrier remembers.
  if (!refresh && partitions.some((it) => leaderOf(topics, it) === undefined)) {
    topics = await wire.topics(names, true);
  }
  const byNode = new Map<NodeId, T[]>();
  const leaderless: T[] = [];
  for (const it of partitions) {
    const leader = leaderOf(topics, it);
    if (leader === undefined) {
      const known = topics.get(it.topic)?.partitions.length;
      if (known === undefined) throw topicUnknown(it.topic);
      throw partitionUnknown(it.topic, it.partition, known);
    }
    if (leader < 0) {
      leaderless.push(it);
      continue;
    }
    const group = byNode.get(leader);
    if (group === undefined) byNode.set(leader, [it]);
    else group.push(it);
  }
  return { byNode, leaderless };
}

/** Items by topic, in order of the first of each: how requests group them. */
export function byTopic<T extends TopicPartition>(
  items: readonly T[],
): readonly (readonly [topic: string, items: readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.topic);
    if (group === undefined) groups.set(item.topic, [item]);
    else group.push(item);
  }
  return [...groups];
}

function leaderOf(
  topics: ReadonlyMap<string, TopicMetadata>,
  { topic, partition }: TopicPartition,
): NodeId | undefined {
  return topics.get(topic)?.partitions[partition]?.leader;
}
