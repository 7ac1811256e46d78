import { partitionId } from '../../../../topology/core/topic-partition.ts';
import type { Clock } from '../../../../topology/core/clock.ts';
import { fetch } from '../../../../runtime/kafka/messages/fetch.ts';
import { listOffsets } from '../../../../runtime/kafka/messages/list-offsets.ts';
import type { RequestOf, ResponseOf } from '../../../../runtime/kafka/protocol/api.ts';
import type {
  ClusterMetadata,
  KafkaWire,
  NodeId,
  RawRequest,
  TopicMetadata,
} from '../../../../runtime/kafka/wire.ts';
import { unreachable } from '../../../../runtime/kafka/wire-error.ts';
import type { PlainRecord } from '../../codec/records.ts';
import { ModelPartition } from '../model-partition.ts';

type FetchRequest = RequestOf<typeof fetch>;
type FetchResponse = ResponseOf<typeof fetch>;

interface Led {
  readonly log: ModelPartition;
  leader: NodeId;
  start: number;
}

const notLeader = 6;
const outOfRange = 1;
const unknownTopic = 3;
const unknownTopicId = 100;

/** Brokers as far as reading goes: leaders that move, waiting fetches, starts that move up. */
export class ModelLeaders implements KafkaWire {
  /** What was asked: name, node, lane. */
  readonly asked: string[] = [];
  /** Brokers that take no connection. */
  readonly down = new Set<NodeId>();
  /** First byte of the topic's id. */
  topicId = 1;
  /** Partition id → error code that its leader gives. */
  readonly errors = new Map<string, number>();
  private readonly clock: Clock;
  private readonly partitions = new Map<string, Led>();
  private known = new Map<string, TopicMetadata>();
  private waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A partition of topic `t` with this leader; −1: none. */
  lead(partition: number, leader: NodeId): void {
    const id = partitionId('t', partition);
    const led = this.partitions.get(id);
    if (led === undefined) this.partitions.set(id, { log: new ModelPartition(), leader, start: 0 });
    else led.leader = leader;
  }

  append(partition: number, ...records: readonly PlainRecord[]): void {
    this.of(partition).log.append(-1, ...records);
    for (const wake of this.waiting.splice(0)) wake();
  }

  startAt(partition: number, start: number): void {
    this.of(partition).start = start;
  }

  async rpc(node: NodeId, request: RawRequest): Promise<Buffer> {
    this.asked.push(`${request.name} ${node} ${request.lane}`);
    if (this.down.has(node)) throw unreachable(`broker ${node}`, 'refused');
    const { version, body } = request;
    if (request.apiKey === fetch.key) {
      const asked = fetch.decodeRequest(body, version);
      return fetch.encodeResponse(await this.fetch(node, asked), version);
    }
    const asked = listOffsets.decodeRequest(body, version);
    return listOffsets.encodeResponse(this.listOffsets(asked), version);
  }

  async topics(
    names: readonly string[],
    refresh = false,
  ): Promise<ReadonlyMap<string, TopicMetadata>> {
    if (refresh) this.asked.push('Metadata');
    if (refresh || this.known.size === 0) this.known = this.metadata();
    return new Map([...this.known].filter(([name]) => names.includes(name)));
  }

  async cluster(): Promise<ClusterMetadata> {
    return { clusterId: 'model', controller: 1, nodes: [] };
  }

  async coordinator(): Promise<NodeId> {
    return 1;
  }

  async versions(): ReturnType<KafkaWire['versions']> {
    return new Map([
      [fetch.key, fetch.versions],
      [listOffsets.key, listOffsets.versions],
    ]);
  }

  async close(): Promise<void> {}

  private of(partition: number): Led {
    return this.partitions.get(partitionId('t', partition)) as Led;
  }

  private metadata(): Map<string, TopicMetadata> {
    const partitions = [...this.partitions.values()].map(({ leader }, partition) => ({
      partition,
      leader,
      replicas: [leader],
      inSync: [leader],
    }));
    const topic = { name: 't', id: Buffer.alloc(16, this.topicId), internal: false, partitions };
    return partitions.length === 0 ? new Map() : new Map([['t', topic]]);
  }

  private async fetch(node: NodeId, request: FetchRequest): Promise<FetchResponse> {
    const response = this.answer(node, request);
    const empty = response.responses.every(({ partitions }) =>
      partitions.every(({ errorCode, records }) => errorCode === 0 && records?.length === 0),
    );
    if (!empty || request.maxWaitMs === 0) return response;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(request.maxWaitMs, resolve);
    this.waiting.push(resolve);
    await promise;
    cancel();
    return this.answer(node, request);
  }

  /** Fills the answer in order of the request; the first partition with records gives one batch at least. */
  private answer(node: NodeId, request: FetchRequest): FetchResponse {
    let left = request.maxBytes;
    let first = true;
    const responses = request.topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partition, fetchOffset, partitionMaxBytes }) => {
        const { errorCode, log, start } = this.check(node, topicId, partition, fetchOffset);
        const room = Math.min(left, partitionMaxBytes);
        const found = errorCode === 0 ? log.fetch(fetchOffset, room) : undefined;
        const fits = found !== undefined && (first || found.records.length <= room);
        const records = fits ? found.records : Buffer.alloc(0);
        if (records.length > 0) first = false;
        left -= records.length;
        return {
          partitionIndex: partition,
          errorCode,
          highWatermark: log.end,
          lastStableOffset: log.lastStableOffset,
          logStartOffset: start,
          abortedTransactions: found?.aborted ?? [],
          preferredReadReplica: -1,
          records,
        };
      }),
    }));
    return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses };
  }

  private check(
    node: NodeId,
    topicId: Buffer,
    partition: number,
    offset: number,
  ): Pick<Led, 'log' | 'start'> & { errorCode: number } {
    const id = partitionId('t', partition);
    const led = this.partitions.get(id);
    if (led === undefined) return { log: new ModelPartition(), start: 0, errorCode: unknownTopic };
    const { log, start, leader } = led;
    if (topicId[0] !== this.topicId) return { log, start, errorCode: unknownTopicId };
    const forced = this.errors.get(id);
    if (forced !== undefined) return { log, start, errorCode: forced };
    if (leader !== node) return { log, start, errorCode: notLeader };
    return { log, start, errorCode: offset < start || offset > log.end ? outOfRange : 0 };
  }

  private listOffsets(request: RequestOf<typeof listOffsets>): ResponseOf<typeof listOffsets> {
    return {
      throttleTimeMs: 0,
      topics: request.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => {
          const { log, start } = this.of(partitionIndex);
          const offset = timestamp === -2 ? start : log.lastStableOffset;
          return { partitionIndex, errorCode: 0, timestamp: -1, offset, leaderEpoch: 0 };
        }),
      })),
    };
  }
}
