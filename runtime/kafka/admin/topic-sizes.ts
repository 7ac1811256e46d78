import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { Asking } from '../ask-leaders.ts';
import { call } from '../client.ts';
import { describeLogDirs } from '../messages/describe-log-dirs.ts';
import type { TopicMetadata } from '../wire.ts';

/**
 * Bytes of each partition at its leader, by partition id; a broker that does not answer, or not to this user, is
 * left out.
 */
export async function partitionBytes(
  { wire }: Asking,
  topics: readonly TopicMetadata[],
): Promise<ReadonlyMap<string, number>> {
  const asked = new Map<number, Map<string, number[]>>();
  for (const { name, partitions } of topics) {
    for (const { partition, leader } of partitions) {
      if (leader < 0) continue;
      const ofLeader = asked.get(leader) ?? new Map<string, number[]>();
      asked.set(leader, ofLeader.set(name, [...(ofLeader.get(name) ?? []), partition]));
    }
  }
  const found = new Map<string, number>();
  const answers = [...asked].map(async ([node, wanted]) => {
    const { errorCode, results } = await call(wire, node, describeLogDirs, {
      topics: [...wanted].map(([topic, partitions]) => ({ topic, partitions })),
    });
    if (errorCode !== 0) return;
    // A leader that does not list a new partition has not written anything to it.
    for (const [topic, partitions] of wanted) {
      for (const partition of partitions) found.set(partitionId(topic, partition), 0);
    }
    for (const { name, partitions } of results.flatMap((it) => it.topics)) {
      for (const { partitionIndex, partitionSize, isFutureKey } of partitions) {
        if (!isFutureKey) found.set(partitionId(name, partitionIndex), partitionSize);
      }
    }
  });
  await Promise.allSettled(answers);
  return found;
}
