import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { FetchLimits, Position } from '../../ports.ts';
import { refused } from '../broker-error.ts';
import { call } from '../client.ts';
import { byTopic } from '../leaders.ts';
import { fetch } from '../messages/fetch.ts';
import type { KafkaWire, NodeId, RawRequest } from '../wire.ts';
import type { TopicIds } from './topic-ids.ts';
import { type CommittedRecords, committedRecords } from './committed-records.ts';

/** One Fetch of committed records from one broker. */
export interface FetchRequest {
  readonly node: NodeId;
  /** A broker fills its answer in this order. */
  readonly positions: readonly Position[];
  readonly limits: FetchLimits;
  /** Longest wait at the broker for the first records, ms; 0: it answers at once. */
  readonly maxWaitMs: number;
  readonly lane: RawRequest['lane'];
  readonly ids: TopicIds;
}

/** What came of a Fetch for one partition. */
export type FetchOutcome =
  | { readonly position: Position; readonly records: CommittedRecords }
  /** The offset lies before the start or behind the end of the partition. */
  | { readonly position: Position; readonly outOfRange: true }
  | { readonly position: Position; readonly error: Error };

const readCommitted = 1;
const outOfRange = 1;
const noId = Buffer.alloc(16);
/** For the answer itself, beyond the wait at the broker. */
const answerTimeoutMs = 30_000;

/**
 * Sends a Fetch. Errors of single partitions are in the outcomes; an answer without some partition leaves it out.
 * @throws {WireError} without an answer
 * @throws {ConfigError} TOPIC_RECREATED
 * @throws {StorageError} LOG_CORRUPT
 */
export async function sendFetch(wire: KafkaWire, request: FetchRequest): Promise<FetchOutcome[]> {
  const { positions, limits, maxWaitMs } = request;
  const byName = byTopic(positions);
  const ids = request.ids.of(
    await wire.topics(byName.map(([topic]) => topic)),
    byName.map(([topic]) => topic),
  );
  const response = await call(
    wire,
    request.node,
    fetch,
    {
      replicaId: -1,
      maxWaitMs,
      minBytes: 1,
      maxBytes: limits.maxBytes,
      isolationLevel: readCommitted,
      // No session: each request names all its partitions.
      sessionId: 0,
      sessionEpoch: -1,
      topics: byName.map(([topic, items]) => ({
        topicId: ids.get(topic) ?? noId,
        partitions: items.map(({ partition, offset }) => ({
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: offset,
          lastFetchedEpoch: -1,
          logStartOffset: -1,
          partitionMaxBytes: limits.maxBytesPerPartition,
        })),
      })),
      forgottenTopicsData: [],
      rackId: '',
    },
    { lane: request.lane, timeoutMs: maxWaitMs + answerTimeoutMs },
  );
  if (response.errorCode !== 0) throw refused(response.errorCode, 'read records');
  const asked = new Map(positions.map((it) => [partitionId(it.topic, it.partition), it]));
  const names = new Map([...ids].map(([topic, id]) => [id.toString('hex'), topic]));
  return response.responses.flatMap(({ topicId, partitions }) => {
    const topic = names.get(topicId.toString('hex')) ?? '';
    return partitions.flatMap((found): FetchOutcome[] => {
      const position = asked.get(partitionId(topic, found.partitionIndex));
      if (position === undefined) return [];
      if (found.errorCode === outOfRange) return [{ position, outOfRange: true }];
      if (found.errorCode !== 0) {
        const { partition, offset } = position;
        const place = { topic, partition, offset, right: `Read on topic "${topic}"` };
        return [{ position, error: refused(found.errorCode, `read topic "${topic}"`, place) }];
      }
      return [{ position, records: committedRecords(position, found) }];
    });
  });
}
