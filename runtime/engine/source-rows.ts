import type { Serde } from '../../schemas/serde.ts';
import { RecordBatchBuilder } from '../codec/batch-builder.ts';
import { assignBaseOffset } from '../codec/batch-header.ts';
import { RecordBatchReader } from '../codec/batch-reader.ts';
import type { ChangelogRecord } from '../state/restore.ts';
import { maxKeyBytes } from '../state/row-format.ts';
import { type DecodeRecord, SchemaPending } from '../task/partition-queue.ts';
import { Scratch } from '../codec/scratch.ts';
import { awaitSchema, type SchemaWait } from './await-schema.ts';
import type { ReadRecord } from './changelog-reader.ts';

/**
 * Rows of a source-backed store from records of its source topic, through the same decode and time path as in processing (design.md 6). Records that do not decode
 * are no rows: in processing they went to the dead letters. In place of others that were refused there stands the row that they left as it was.
 */
export class SourceRows {
  private readonly wait: SchemaWait;
  private readonly decode: DecodeRecord;
  private readonly topic: string;
  private readonly refused: (offset: number) => ChangelogRecord | undefined;
  private readonly keySerde: Serde;
  private readonly valueSerde: Serde;
  private readonly builder = new RecordBatchBuilder();
  private readonly reader = new RecordBatchReader();
  private readonly scratch = new Scratch();

  constructor(
    decode: DecodeRecord,
    topic: string,
    refused: (offset: number) => ChangelogRecord | undefined,
    serdes: { keySerde: Serde; valueSerde: Serde; wait: SchemaWait },
  ) {
    this.wait = serdes.wait;
    this.decode = decode;
    this.topic = topic;
    this.refused = refused;
    this.keySerde = serdes.keySerde;
    this.valueSerde = serdes.valueSerde;
  }

  /**
   * The rows of these records; not all of them once `signal` aborted. A schema that is not at hand is fetched first: what waits for one is a row all the same.
   */
  async rows(
    records: readonly ReadRecord[],
    signal: AbortSignal,
  ): Promise<readonly ChangelogRecord[]> {
    const rows: ChangelogRecord[] = [];
    for (const record of records) {
      let row = this.refused(record.offset) ?? this.row(record);
      while (typeof row === 'number') {
        await awaitSchema(row, this.wait, signal);
        if (signal.aborted) return rows;
        row = this.row(record);
      }
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  /** The row; a schema id that must be fetched first; undefined: no row. */
  private row(record: ReadRecord): ChangelogRecord | number | undefined {
    this.builder.appendPair(record.time, record.key, record.value, record.headers);
    const batch = this.builder.finish();
    assignBaseOffset(batch, record.offset);
    this.reader.open(batch);
    this.reader.next();
    let decoded;
    try {
      decoded = this.decode(this.reader, this.topic, 0);
    } catch (error) {
      return error instanceof SchemaPending ? error.schemaId : undefined;
    }
    const { key, value, time } = decoded;
    if (key === null || time < 0) return undefined;
    const keyBytes = this.bytes(this.keySerde, key);
    // In processing it went to the dead letters: no store takes it.
    if (keyBytes.length > maxKeyBytes) return undefined;
    return {
      key: keyBytes,
      value: this.bytesOrNull(value),
      time,
      keep: false,
    };
  }

  private bytesOrNull(value: unknown): Buffer | null {
    return value === null ? null : this.bytes(this.valueSerde, value);
  }

  private bytes(serde: Serde, value: unknown): Buffer {
    return this.scratch.bytesOf(serde, value);
  }
}
