import type { Outcomes } from '../../processors/outcomes.ts';
import type { Serde } from '../../schemas/serde.ts';
import { partitionOf } from '../../topology/core/murmur2.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { Change } from './change-serde.ts';
import type { OutputBuffer } from './output-buffer.ts';
import type { Scratch } from '../codec/scratch.ts';

export interface SinkOptions {
  /** Topic of a record, given the bindings; a constant function where the sink has one topic. */
  readonly topic: (bindings: Bindings) => string;
  /** Partition count of a topic. */
  readonly partitions: (topic: string) => number;
  /** New key; absent: the record's. */
  readonly key?: (bindings: Bindings) => unknown;
  /** Projection; absent: the record's value. A null value (a deleted row) is not projected. */
  readonly value?: (bindings: Bindings) => unknown;
  readonly keySerde: Serde;
  readonly valueSerde: Serde;
  /** Serde of changes where the sink feeds a re-grouped table; then `valueSerde` is not used. */
  readonly changes?: Serde<Change>;
  /** Value that decides the partition, as text, where it is not the key; over what is written. */
  readonly partitionBy?: (bindings: Bindings) => unknown;
  readonly dropNullKeys: boolean;
}

/**
 * Encodes records into the output of a batch and chooses their partition: Kafka's murmur2 of the key's bytes. A record without a key goes to the
 * partition with the number of the one that it came from, so that a run can be repeated.
 */
export class SinkWriter {
  private readonly options: SinkOptions;
  private readonly scratch: Scratch;
  private readonly bindings: Bindings = {
    record: undefined as unknown as StreamRecord,
    key: null,
    value: null,
    left: null,
    right: null,
    reply: null,
    aggregate: null,
  };

  constructor(options: SinkOptions, scratch: Scratch) {
    this.options = options;
    this.scratch = scratch;
  }

  /**
   * @throws {SerdeError} when key or value do not fit their schemas
   * @throws {ProcessingError} when an expression of the sink fails
   */
  write(record: StreamRecord, output: OutputBuffer, outcomes: Outcomes): void {
    const { options, bindings, scratch } = this;
    outcomes.in++;
    bindings.record = record;
    bindings.key = record.key;
    bindings.value = record.value;
    const key = options.key === undefined ? record.key : options.key(bindings);
    if (options.dropNullKeys && (key === null || key === undefined)) {
      outcomes.nullKey++;
      return;
    }
    const topic = options.topic(bindings);
    let keyEnd = -1;
    let end = 0;
    if (key !== null && key !== undefined) {
      keyEnd = scratch.write(options.keySerde, key, 0);
      end = keyEnd;
    }
    const valueEnd = this.writeValue(record, end);
    bindings.key = key;
    const partition = this.partition(record, topic, keyEnd);
    output.append(
      topic,
      partition,
      record.time,
      scratch.buffer,
      0,
      keyEnd,
      end,
      valueEnd,
      record.headers,
    );
    outcomes.out++;
    outcomes.emitted++;
  }

  private writeValue(record: StreamRecord, start: number): number {
    const { options, bindings, scratch } = this;
    if (options.changes !== undefined) {
      return scratch.write(options.changes, { old: record.old, value: record.value }, start);
    }
    let value = record.value;
    if (value === null || value === undefined) return -1;
    if (options.value !== undefined) {
      value = options.value(bindings);
      bindings.value = value;
      if (value === null || value === undefined) return -1;
    }
    return scratch.write(options.valueSerde, value, start);
  }

  private partition(record: StreamRecord, topic: string, keyEnd: number): number {
    const { options, bindings, scratch } = this;
    const partitions = options.partitions(topic);
    if (partitions === 1) return 0;
    if (options.partitionBy !== undefined) {
      return partitionOf(Buffer.from(String(options.partitionBy(bindings))), partitions);
    }
    if (keyEnd >= 0) return partitionOf(scratch.buffer, partitions, 0, keyEnd);
    return record.partition >= 0 ? record.partition % partitions : 0;
  }
}
