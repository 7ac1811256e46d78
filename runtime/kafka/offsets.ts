import { partitionId } from '../../topology/core/topic-partition.ts';
import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import type { PartitionEnds, Position } from '../ports.ts';
import { askLeaders, type Asking } from './ask-leaders.ts';
import { refused } from './broker-error.ts';
import { call } from './client.ts';
import { byTopic } from './leaders.ts';
import { listOffsets } from './messages/list-offsets.ts';
import { offsetFetch } from './messages/offset-fetch.ts';
import { persist } from './admin/persist.ts';
import { Patience, reactionOf } from './patience.ts';

/** Times that stand for an end of a partition in ListOffsets. */
const latest = -1;
const earliest = -2;

/**
 * Start and end of each partition: `committed`, the last stable offset; `uncommitted`, the high watermark, with what is pending.
 * Kafka does not say how far tombstones may be gone: `tombstonesFrom` is 0, and `kept` gives the time that each compacted topic keeps them, ms.
 * @throws as {@link askLeaders}
 */
export async function partitionEnds(
  asking: Asking,
  partitions: readonly TopicPartition[],
  isolation: 'committed' | 'uncommitted',
  kept: ReadonlyMap<string, number> = new Map(),
): Promise<readonly PartitionEnds[]> {
  const [starts, ends] = await Promise.all([
    offsetsAt(asking, partitions, earliest, 'uncommitted'),
    offsetsAt(asking, partitions, latest, isolation),
  ]);
  return partitions.map(({ topic, partition }) => {
    const id = partitionId(topic, partition);
    const start = starts.get(id) ?? 0;
    const end = ends.get(id) ?? start;
    const keptMs = kept.get(topic);
    const tombstones = keptMs === undefined ? {} : { tombstonesKeptMs: keptMs };
    return { topic, partition, start, end, tombstonesFrom: 0, ...tombstones };
  });
}

/**
 * Kafka's own ids of topics, by name, asked anew: a topic that was deleted and created again has another. One that is not there is absent.
 * @throws {ConfigError} KAFKA_RIGHTS
 */
export async function topicIdentities(
  asking: Asking,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const topics = await persist(asking, 'describe topics', () => asking.wire.topics(names, true));
  return new Map([...topics].map(([name, { id }]) => [name, id.toString('base64url')]));
}

function offsetsAt(
  asking: Asking,
  partitions: readonly TopicPartition[],
  timestamp: number,
  isolation: 'committed' | 'uncommitted',
): Promise<ReadonlyMap<string, number>> {
  return askLeaders(asking, partitions, 'list offsets', async (node, items) => {
    const { topics } = await call(asking.wire, node, listOffsets, {
      replicaId: -1,
      isolationLevel: isolation === 'committed' ? 1 : 0,
      topics: byTopic(items).map(([name, of]) => ({
        name,
        partitions: of.map(({ partition }) => ({
          partitionIndex: partition,
          currentLeaderEpoch: -1,
          timestamp,
        })),
      })),
    });
    return topics.flatMap(({ name: topic, partitions: found }) =>
      found.map(({ partitionIndex: partition, errorCode, offset }) =>
        errorCode === 0 ? { topic, partition, value: offset } : { topic, partition, errorCode },
      ),
    );
  });
}

/**
 * Committed positions of a group, stable: it waits until no transaction over them is pending. Partitions without one are absent.
 * @throws {ConfigError} KAFKA_RIGHTS
 * @throws {StorageError} LOG_UNAVAILABLE when the patience is at an end, also because a transaction stays open
 */
export async function committedPositions(
  { wire, clock, patienceMs }: Asking,
  group: string,
  partitions: readonly TopicPartition[],
): Promise<readonly Position[]> {
  if (partitions.length === 0) return [];
  const what = `read positions of group "${group}"`;
  const patience = new Patience(clock, patienceMs);
  let refresh = false;
  for (;;) {
    try {
      const node = await wire.coordinator(group, 'group', refresh);
      const response = await call(wire, node, offsetFetch, {
        groupId: group,
        topics: byTopic(partitions).map(([name, items]) => ({
          name,
          partitionIndexes: items.map(({ partition }) => partition),
        })),
        requireStable: true,
      });
      if (response.errorCode !== 0) {
        throw refused(response.errorCode, what, { right: `Describe on group "${group}"` });
      }
      return response.topics.flatMap(({ name: topic, partitions: found }) =>
        found.flatMap(({ partitionIndex: partition, committedOffset: offset, errorCode }) => {
          if (errorCode !== 0) {
            const right = `Describe on topic "${topic}"`;
            throw refused(errorCode, what, { topic, partition, right });
          }
          return offset < 0 ? [] : [{ topic, partition, offset }];
        }),
      );
    } catch (error) {
      await patience.after(error, what);
      refresh = reactionOf(error) !== 'retry';
    }
  }
}
