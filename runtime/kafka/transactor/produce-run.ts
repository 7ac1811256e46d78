import type { Clock } from '../../../topology/core/clock.ts';
import { partitionId } from '../../../topology/core/topic-partition.ts';
import { sealBatch } from '../../codec/batch-seal.ts';
import { call } from '../client.ts';
import { byLeader, byTopic } from '../leaders.ts';
import { produce } from '../messages/produce.ts';
import { passes, Patience, reactionOf } from '../patience.ts';
import type { KafkaWire, NodeId } from '../wire.ts';
import { WireError } from '../wire-error.ts';
import type { OutgoingBatch, OutgoingPartition } from './outgoing-batches.ts';
import type { Sequences } from './sequences.ts';
import { Refusal } from './transaction-reactions.ts';

/** Requests under way to one broker: it recognises a repeat among a producer's last five batches of a partition. */
const inFlight = 4;

/** Who produces, and how. */
export interface Producing {
  readonly wire: KafkaWire;
  readonly clock: Clock;
  /** null: without a transaction. */
  readonly transactionalId: string | null;
  readonly producerId: number;
  readonly epoch: number;
  readonly sequences: Sequences;
  /** Version of Produce; undefined: the newest. */
  readonly version: number | undefined;
  readonly requestTimeoutMs: number;
  /** How long to try again what passes by itself, ms. */
  readonly patienceMs: number;
  /** A request without an answer: true sends it again (the broker knows a repeat by its sequence number), false gives up. */
  readonly repeatUnanswered: boolean;
}

/**
 * Appends batches to their partitions: all leaders at once, the batches of a partition in order, several requests under way. Resolves when every batch has its offset.
 * @throws {Refusal} for an error code that does not pass by itself
 * @throws {WireError} without an answer: what was sent may be stored, now or later
 * @throws {StorageError} LOG_UNAVAILABLE when the patience is at an end
 */
export async function produceAll(
  producing: Producing,
  partitions: readonly OutgoingPartition[],
): Promise<void> {
  seal(producing, partitions);
  const patience = new Patience(producing.clock, producing.patienceMs);
  let open = partitions;
  let refresh = false;
  while (open.length > 0) {
    let failure: unknown;
    try {
      const { byNode, leaderless } = await byLeader(producing.wire, open, refresh);
      const runs = [...byNode].map(([node, items]) => new NodeRun(producing, node, items).run());
      const failures = (await Promise.all(runs)).filter((it) => it !== undefined);
      failure = failures.find((it) => !mayRepeat(producing, it)) ?? failures[0];
      if (failure === undefined && leaderless.length > 0)
        failure = new Refusal(5, 'append records');
    } catch (error) {
      failure = error;
    }
    open = open.filter(({ batches }) => batches.some(({ offset }) => offset === undefined));
    if (open.length === 0) return;
    if (!mayRepeat(producing, failure)) throw failure;
    const error = failure instanceof Refusal ? failure.error : failure;
    await patience.after(error, 'append records');
    refresh = reactionOf(error) !== 'retry';
  }
}

function mayRepeat({ repeatUnanswered }: Producing, failure: unknown): boolean {
  if (failure instanceof Refusal) return failure.reaction === 'retry';
  if (failure instanceof WireError && failure.outcome === 'unknown') return repeatUnanswered;
  return passes(failure);
}

function seal(producing: Producing, partitions: readonly OutgoingPartition[]): void {
  const { producerId, epoch, sequences, transactionalId } = producing;
  const transactional = transactionalId !== null;
  for (const { topic, partition, batches } of partitions) {
    const id = partitionId(topic, partition);
    for (const { batch, records } of batches) {
      const baseSequence = sequences.take(id, records);
      sealBatch(batch, { producerId, epoch, baseSequence, transactional });
    }
  }
}

/** A batch that stands for its partition in a request: a request has one of each. */
interface Sent {
  readonly topic: string;
  readonly partition: number;
  readonly batch: OutgoingBatch;
}

/** The batches that one broker gets. */
class NodeRun {
  private readonly producing: Producing;
  private readonly node: NodeId;
  private readonly waves: readonly (readonly Sent[])[];
  private failure: unknown;

  constructor(producing: Producing, node: NodeId, partitions: readonly OutgoingPartition[]) {
    this.producing = producing;
    this.node = node;
    const waves: Sent[][] = [];
    for (const { topic, partition, batches } of partitions) {
      batches
        .filter(({ offset }) => offset === undefined)
        .forEach((batch, i) => (waves[i] ??= []).push({ topic, partition, batch }));
    }
    this.waves = waves;
  }

  /** Resolves when nothing is under way, with the first failure. */
  async run(): Promise<unknown> {
    const [first, ...rest] = this.waves;
    // A partition that has never seen the producer takes any sequence number: nothing may come before its first batch.
    await this.send(first ?? []);
    const underWay = new Set<Promise<void>>();
    for (const wave of rest) {
      if (this.failure !== undefined) break;
      const sent: Promise<void> = this.send(wave).finally(() => underWay.delete(sent));
      underWay.add(sent);
      if (underWay.size >= inFlight) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    return this.failure;
  }

  private async send(wave: readonly Sent[]): Promise<void> {
    const { wire, transactionalId, version, requestTimeoutMs } = this.producing;
    try {
      const { responses } = await call(
        wire,
        this.node,
        produce,
        {
          transactionalId,
          acks: -1,
          timeoutMs: requestTimeoutMs,
          topicData: byTopic(wave).map(([name, items]) => ({
            name,
            partitionData: items.map(({ partition, batch }) => ({
              index: partition,
              records: batch.batch,
            })),
          })),
        },
        {
          lane: 'produce',
          timeoutMs: requestTimeoutMs,
          bodyBytes: bodyBytes(wave, transactionalId),
          ...(version === undefined ? {} : { version }),
        },
      );
      for (const { name: topic, partitionResponses } of responses) {
        for (const { index, errorCode, baseOffset } of partitionResponses) {
          const found = wave.find((it) => it.topic === topic && it.partition === index);
          if (found === undefined) continue;
          if (errorCode === 0) found.batch.offset = baseOffset;
          else this.failed(refusal(errorCode, found));
        }
      }
    } catch (error) {
      this.failed(error);
    }
  }

  /** Only the first failure tells why: what was under way behind it fails for its sake. */
  private failed(error: unknown): void {
    this.failure ??= error;
  }
}

/** Room for a request: batches, names and some bytes around each. */
function bodyBytes(wave: readonly Sent[], transactionalId: string | null): number {
  let bytes = 64 + 3 * (transactionalId ?? '').length;
  for (const { topic, batch } of wave) bytes += batch.batch.length + 3 * topic.length + 32;
  return bytes;
}

function refusal(code: number, { topic, partition, batch }: Sent): Refusal {
  return new Refusal(code, `append to topic "${topic}"`, { topic, partition }, batch);
}
