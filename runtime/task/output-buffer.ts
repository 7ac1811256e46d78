import type { Header } from '../../topology/core/record.ts';
import { type BatchMark, RecordBatchBuilder } from '../codec/batch-builder.ts';
import type { Append } from '../ports.ts';

/** A state of an {@link OutputBuffer} to go back to: one savepoint. */
export type OutputMark = readonly {
  readonly topic: string;
  readonly partition: number;
  readonly mark: BatchMark;
}[];

/** Largest buffer of a builder that is kept, bytes: a batch of a thousand records of a kilobyte. */
const pooledBytes = 1024 * 1024;

/** Builders that are empty and may be used again; one pool per member. */
export class BuilderPool {
  private readonly free: RecordBatchBuilder[] = [];

  take(): RecordBatchBuilder {
    return this.free.pop() ?? new RecordBatchBuilder();
  }

  /** Keeps a builder for later, unless there are many, or it has grown large: its buffer would stay for good. */
  give(builder: RecordBatchBuilder): void {
    builder.reset();
    if (this.free.length < 64 && builder.capacity <= pooledBytes) this.free.push(builder);
  }
}

/**
 * What one batch of one task writes to the log, encoded. Nothing of it reaches the log before the batch completed and its transaction commits (E1); a
 * batch that fails is dropped with {@link OutputBuffer.discard}.
 */
export class OutputBuffer {
  private readonly topics = new Map<string, (RecordBatchBuilder | undefined)[]>();
  private readonly pool: BuilderPool;
  /** Bytes so far, batch headers not counted. */
  bytes = 0;
  records = 0;

  constructor(pool: BuilderPool) {
    this.pool = pool;
  }

  /** Appends a record whose key and value lie in `source`; an end of −1 stands for null. */
  append(
    topic: string,
    partition: number,
    time: number,
    source: Buffer,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    headers: readonly Header[],
  ): void {
    const builder = this.builder(topic, partition);
    const before = builder.bytes;
    builder.append(time, source, keyStart, keyEnd, valueStart, valueEnd, headers);
    this.bytes += builder.bytes - before;
    this.records++;
  }

  /** Appends a record from a key and a value in buffers of their own. */
  appendPair(
    topic: string,
    partition: number,
    time: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly Header[],
  ): void {
    const builder = this.builder(topic, partition);
    const before = builder.bytes;
    builder.appendPair(time, key, value, headers);
    this.bytes += builder.bytes - before;
    this.records++;
  }

  mark(): OutputMark {
    const marks: { topic: string; partition: number; mark: BatchMark }[] = [];
    for (const [topic, builders] of this.topics) {
      for (let partition = 0; partition < builders.length; partition++) {
        const builder = builders[partition];
        if (builder !== undefined) marks.push({ topic, partition, mark: builder.mark() });
      }
    }
    return marks;
  }

  /** Drops what was appended since the mark. */
  rollback(marks: OutputMark): void {
    for (const [topic, builders] of this.topics) {
      for (let partition = 0; partition < builders.length; partition++) {
        const builder = builders[partition];
        if (builder === undefined) continue;
        const saved = marks.find((m) => m.topic === topic && m.partition === partition);
        const count = builder.count;
        const before = builder.bytes;
        if (saved === undefined) builder.reset();
        else builder.rollback(saved.mark);
        this.records -= count - builder.count;
        this.bytes -= before - builder.bytes;
      }
    }
  }

  /** The record batches, sealed; the buffer is empty afterwards. */
  seal(): Append[] {
    const appends: Append[] = [];
    for (const [topic, builders] of this.topics) {
      for (let partition = 0; partition < builders.length; partition++) {
        const builder = builders[partition];
        if (builder === undefined) continue;
        const records = builder.count;
        if (records > 0) appends.push({ topic, partition, batch: builder.finish(), records });
        this.pool.give(builder);
      }
    }
    this.topics.clear();
    return appends;
  }

  discard(): void {
    for (const builders of this.topics.values()) {
      for (const builder of builders) if (builder !== undefined) this.pool.give(builder);
    }
    this.topics.clear();
    this.bytes = 0;
    this.records = 0;
  }

  private builder(topic: string, partition: number): RecordBatchBuilder {
    let builders = this.topics.get(topic);
    if (builders === undefined) {
      builders = [];
      this.topics.set(topic, builders);
    }
    let builder = builders[partition];
    if (builder === undefined) {
      builder = this.pool.take();
      builders[partition] = builder;
    }
    return builder;
  }
}
