import { partitionOf } from '../../../topology/core/murmur2.ts';
import type { ModelRecord, Sequence, TakenRecord } from './records.ts';

const topics = {
  status: 'orders.status',
  paid: 'orders.paid',
  deadLetters: 'orders.dead-letters',
  take: 'orders-reserve-take-repartition',
  release: 'orders-reserve-release-repartition',
  settle: 'orders-reserve-settle-repartition',
  charge: 'orders-charge-repartition',
} as const;

/** Headers of a dead letter that the model knows; texts of errors are not its business. */
export const deadLetterHeaders = [
  '__streams.errors.topic',
  '__streams.errors.partition',
  '__streams.errors.offset',
  '__streams.errors.stage',
  '__streams.errors.task',
] as const;

/** Collects what a model task writes: one sequence per partition, in order of writing. */
export class ModelWriter {
  readonly #partitions: number;
  readonly #task: string;
  readonly #taskPartition: number;
  readonly #byPlace = new Map<string, ModelRecord[]>();

  constructor(task: string, taskPartition: number, partitions: number) {
    this.#task = task;
    this.#taskPartition = taskPartition;
    this.#partitions = partitions;
  }

  /** Writes a record with the time and headers of the one that causes it. */
  write(topic: keyof typeof topics, key: string, value: unknown, cause: TakenRecord): void {
    const { time, headers } = cause;
    const partition = partitionOf(Buffer.from(key), this.#partitions);
    this.#add({ topic: topics[topic], partition, key, value, time, headers });
  }

  status(orderId: string, state: string, stage: string, cause: TakenRecord): void {
    this.write('status', orderId, { orderId, state, at: cause.time, stage }, cause);
  }

  deadLetter(stage: string, cause: TakenRecord, partitions: number): void {
    const { topic, partition, offset, raw } = cause;
    const said = [topic, String(partition), String(offset), stage, this.#task];
    this.#add({
      topic: topics.deadLetters,
      partition: this.#taskPartition % partitions,
      key: raw.key,
      value: raw.value,
      time: raw.time,
      headers: deadLetterHeaders.map((name, i) => [name, said[i] ?? ''] as const),
    });
  }

  /** Everything, one sequence per partition. */
  sequences(): readonly Sequence[] {
    return [...this.#byPlace.values()];
  }

  #add(record: ModelRecord): void {
    const place = `${record.topic}/${record.partition}`;
    const sequence = this.#byPlace.get(place);
    if (sequence === undefined) this.#byPlace.set(place, [record]);
    else sequence.push(record);
  }
}
