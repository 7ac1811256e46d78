import { RecordBatchReader } from '../codec/batch-reader.ts';
import { isControlBatch } from '../codec/batch-header.ts';
import type { FetchedPartition, Log, Position } from '../ports.ts';

const limits = { maxBytes: 8 * 1024 * 1024, maxBytesPerPartition: 2 * 1024 * 1024 } as const;

type Visit = (record: RecordBatchReader, partition: number) => void | Promise<void>;

/** Reads the committed records of one topic, page by page, and remembers where it is. */
export class TopicReader {
  readonly #log: Log;
  readonly #topic: string;
  readonly #reader = new RecordBatchReader();
  #positions: Position[] | undefined;

  constructor(log: Log, topic: string) {
    this.#log = log;
    this.#topic = topic;
  }

  /**
   * Calls `visit` for each record between the last call (at first: the beginning of the topic) and the present end, in order of offset per partition. A topic that
   * does not exist has no records. A promise that `visit` returns is awaited before the next record.
   *
   * **Gotchas** `record` is one object for all calls: copy what is kept.
   */
  async read(visit: Visit): Promise<void> {
    const info = await this.#log.admin.describe(this.#topic);
    if (info === undefined) return;
    const topic = this.#topic;
    const partitions = Array.from({ length: info.partitions }, (_, partition) => ({
      topic,
      partition,
    }));
    const ends = await this.#log.ends(partitions, 'committed');
    this.#positions ??= ends.map(({ start, partition }) => ({ topic, partition, offset: start }));
    const end = new Map(ends.map(({ partition, end }) => [partition, end]));
    const isBehind = ({ partition, offset }: Position): boolean =>
      offset < (end.get(partition) ?? 0);
    while (this.#positions.some(isBehind)) {
      const fetched = await this.#log.fetch(this.#positions.filter(isBehind), limits);
      for (const part of fetched) await this.#visitAll(part, visit);
    }
  }

  async #visitAll(
    { topic, partition, batches, nextOffset }: FetchedPartition,
    visit: Visit,
  ): Promise<void> {
    const before = this.#positions ?? [];
    const from = before.find((position) => position.partition === partition)?.offset ?? 0;
    for (const batch of batches) await this.#visit(batch, partition, from, visit);
    this.#positions = before.map((position) =>
      position.partition === partition ? { topic, partition, offset: nextOffset } : position,
    );
  }

  async #visit(batch: Buffer, partition: number, from: number, visit: Visit): Promise<void> {
    if (isControlBatch(batch)) return;
    const reader = this.#reader;
    reader.open(batch);
    while (reader.next()) {
      if (reader.offset < from) continue;
      const waiting = visit(reader, partition);
      if (waiting !== undefined) await waiting;
    }
  }
}
