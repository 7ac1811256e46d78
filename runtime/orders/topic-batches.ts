import type { Serde } from '../../schemas/serde.ts';
import { partitionOf } from '../../topology/core/murmur2.ts';
import { noHeaders } from '../../topology/core/record.ts';
import { RecordBatchBuilder } from '../codec/batch-builder.ts';
import type { Append } from '../ports.ts';
import { Scratch } from '../codec/scratch.ts';

/** Record batches for one topic with text keys: one batch per partition, until they are taken. */
export class TopicBatches<V> {
  readonly #topic: string;
  readonly #serde: Serde<V>;
  readonly #builders: readonly RecordBatchBuilder[];
  readonly #scratch = new Scratch();

  constructor(topic: string, partitions: number, serde: Serde<V>) {
    this.#topic = topic;
    this.#serde = serde;
    this.#builders = Array.from({ length: partitions }, () => new RecordBatchBuilder());
  }

  /**
   * Adds a record to the partition of its key.
   * @throws {SerdeError} SERDE_ENCODE
   */
  add(key: string, value: V, timeMs: number): void {
    const scratch = this.#scratch;
    const keyEnd = Buffer.byteLength(key);
    scratch.reserve(keyEnd);
    scratch.buffer.write(key, 0);
    const valueEnd = scratch.write(this.#serde, value, keyEnd);
    const { buffer } = scratch;
    const partition = partitionOf(buffer, this.#builders.length, 0, keyEnd);
    const builder = this.#builders[partition] as RecordBatchBuilder;
    builder.append(timeMs, buffer, 0, keyEnd, keyEnd, valueEnd, noHeaders);
  }

  /** What was added since the last call, as appends of one transaction. */
  take(): readonly Append[] {
    const appends: Append[] = [];
    for (const [partition, builder] of this.#builders.entries()) {
      const records = builder.count;
      if (records === 0) continue;
      appends.push({ topic: this.#topic, partition, batch: builder.finish(), records });
    }
    return appends;
  }
}
