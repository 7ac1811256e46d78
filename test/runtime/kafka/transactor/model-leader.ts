import { partitionId } from '../../../../topology/core/topic-partition.ts';
import { batchCount, batchLayout } from '../../../../runtime/codec/batch-header.ts';
import { produce } from '../../../../runtime/kafka/messages/produce.ts';
import type {
  KafkaWire,
  NodeId,
  RawRequest,
  TopicMetadata,
} from '../../../../runtime/kafka/wire.ts';
import { timedOut } from '../../../../runtime/kafka/wire-error.ts';
import { recordsOf } from '../../codec/records.ts';

const outOfOrder = 45;

interface Stored {
  readonly sequence: number;
  readonly offset: number;
}

/** Leaders as far as Produce goes: sequence numbers are checked, repeats recognised, failures come as a test plans them. */
export class ModelLeader implements KafkaWire {
  /** Values of stored records by partition id. */
  readonly stored = new Map<string, string[]>();
  /** Partition id → error codes of the next requests; 0: none. */
  readonly planned = new Map<string, number[]>();
  /** Answers that are lost, from now on. */
  loseAnswers = 0;
  requests = 0;
  refreshes = 0;
  /** Most requests that were under way at once. */
  mostUnderWay = 0;
  private underWay = 0;
  private readonly batches = new Map<string, Stored[]>();

  async rpc(_: NodeId, request: RawRequest): Promise<Buffer> {
    this.requests++;
    this.underWay++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    const { topicData } = produce.decodeRequest(request.body, request.version);
    const responses = topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records }) => ({
        index,
        ...this.append(partitionId(name, index), records as Buffer),
        logAppendTimeMs: -1,
        logStartOffset: 0,
        recordErrors: [],
        errorMessage: null,
      })),
    }));
    // The next requests are sent before this one is answered.
    for (let i = 0; i < 10; i++) await Promise.resolve();
    this.underWay--;
    if (this.loseAnswers > 0) {
      this.loseAnswers--;
      throw timedOut('the model', request.name, request.timeoutMs);
    }
    return produce.encodeResponse({ responses, throttleTimeMs: 0 }, request.version);
  }

  async topics(names: readonly string[], refresh = false): Promise<Map<string, TopicMetadata>> {
    if (refresh) this.refreshes++;
    const one = (partition: number) => ({ partition, leader: 1, replicas: [1], inSync: [1] });
    const partitions = [one(0), one(1)];
    return new Map(
      names.map((name) => [name, { name, id: Buffer.alloc(16), internal: false, partitions }]),
    );
  }

  async versions(): ReturnType<KafkaWire['versions']> {
    return new Map([[produce.key, produce.versions]]);
  }

  async cluster(): ReturnType<KafkaWire['cluster']> {
    return { clusterId: 'model', controller: 1, nodes: [] };
  }

  async coordinator(): Promise<NodeId> {
    return 1;
  }

  async close(): Promise<void> {}

  private append(id: string, batch: Buffer): { errorCode: number; baseOffset: number } {
    const code = this.planned.get(id)?.shift() ?? 0;
    if (code !== 0) return { errorCode: code, baseOffset: -1 };
    const sequence = batch.readInt32BE(batchLayout.baseSequence);
    const batches = this.batches.get(id) ?? [];
    this.batches.set(id, batches);
    const repeated = batches.slice(-5).find((it) => it.sequence === sequence);
    if (repeated !== undefined) return { errorCode: 0, baseOffset: repeated.offset };
    const values = this.stored.get(id) ?? [];
    this.stored.set(id, values);
    if (sequence !== values.length) return { errorCode: outOfOrder, baseOffset: -1 };
    batches.push({ sequence, offset: values.length });
    for (const { value } of recordsOf(batch)) values.push(String(value));
    return { errorCode: 0, baseOffset: values.length - batchCount(batch) };
  }
}
