import type { Header } from '../../topology/core/record.ts';
import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import { batchMaxTimestamp, isControlBatch } from '../codec/batch-header.ts';
import { RecordBatchReader } from '../codec/batch-reader.ts';
import type { Log, PartitionEnds } from '../ports.ts';

const limits = { maxBytes: 1024 * 1024, maxBytesPerPartition: 1024 * 1024 } as const;

/** A record as it is stored. */
export interface StoredRecord extends TopicPartition {
  readonly offset: number;
  /** ms since epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
}

/**
 * Where reading begins: an end of the log, an offset, or the first record of a time (ms) or later.
 */
export type ReadFrom =
  'earliest' | 'latest' | { readonly offset: number } | { readonly time: number };

/** Reads one partition, page by page. */
class Cursor {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the next record to fetch. */
  position: number;
  private readonly log: Log;
  private readonly reader = new RecordBatchReader();
  private page: StoredRecord[] = [];
  private next = 0;
  /** Records below this time are passed over until the first that is not. */
  private notBefore: number;

  constructor(log: Log, at: TopicPartition, position: number, notBefore: number) {
    this.log = log;
    this.topic = at.topic;
    this.partition = at.partition;
    this.position = position;
    this.notBefore = notBefore;
  }

  get head(): StoredRecord | undefined {
    return this.page[this.next];
  }

  take(): void {
    this.next++;
  }

  /** Fetches until there is a head, or the position reaches `end`. */
  async fill(end: number): Promise<void> {
    while (this.head === undefined && this.position < end) {
      const { topic, partition, position: offset } = this;
      const [fetched] = await this.log.fetch([{ topic, partition, offset }], limits);
      if (fetched === undefined || fetched.nextOffset <= offset) return;
      this.page = [];
      this.next = 0;
      for (const batch of fetched.batches) this.read(batch);
      this.position = fetched.nextOffset;
    }
  }

  private read(batch: Buffer): void {
    if (isControlBatch(batch) || batchMaxTimestamp(batch) < this.notBefore) return;
    const { reader, topic, partition } = this;
    reader.open(batch);
    while (reader.next()) {
      const { offset, timestamp } = reader;
      if (offset < this.position || timestamp < this.notBefore) continue;
      this.notBefore = Number.NEGATIVE_INFINITY;
      const key = reader.key();
      const value = reader.value();
      this.page.push({
        topic,
        partition,
        offset,
        timestamp,
        key,
        value,
        headers: reader.headers(),
      });
    }
  }
}

export interface ReadOptions {
  readonly partitions: readonly TopicPartition[];
  readonly from: ReadFrom;
  /** Wait for new records at the end, until `signal` aborts. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/**
 * Committed records of partitions, merged by time as far as they are there; of one partition in
 * order of offset. Without `follow` it ends where the partitions ended when it began.
 */
export async function* readRecords(log: Log, options: ReadOptions): AsyncGenerator<StoredRecord> {
  const { partitions, from, follow, signal } = options;
  let ends = await log.ends(partitions, 'committed');
  const cursors = ends.map((bounds) => {
    const notBefore = typeof from === 'object' && 'time' in from ? from.time : -Infinity;
    return new Cursor(log, bounds, firstOffset(from, bounds), notBefore);
  });
  for (;;) {
    yield* merged(cursors, ends, signal);
    if (!follow || signal.aborted) return;
    const positions = cursors.map(({ topic, partition, position: offset }) => ({
      topic,
      partition,
      offset,
    }));
    await log.awaitRecords(positions, 1000, signal);
    ends = await log.ends(partitions, 'committed');
  }
}

async function* merged(
  cursors: readonly Cursor[],
  ends: readonly PartitionEnds[],
  signal: AbortSignal,
): AsyncGenerator<StoredRecord> {
  while (!signal.aborted) {
    let first: Cursor | undefined;
    for (const [i, cursor] of cursors.entries()) {
      const end = (ends[i] as PartitionEnds).end;
      if (cursor.head === undefined) await cursor.fill(end);
      const { head } = cursor;
      if (head === undefined || head.offset >= end) continue;
      if (head.timestamp < (first?.head?.timestamp ?? Infinity)) first = cursor;
    }
    const record = first?.head;
    if (first === undefined || record === undefined) return;
    first.take();
    yield record;
  }
}

function firstOffset(from: ReadFrom, { start, end }: PartitionEnds): number {
  if (from === 'latest') return end;
  return typeof from === 'object' && 'offset' in from ? Math.max(start, from.offset) : start;
}
