import * as fc from 'fast-check';
import { RecordBatchBuilder } from '../../../runtime/codec/batch-builder.ts';
import { RecordBatchReader } from '../../../runtime/codec/batch-reader.ts';
import type { Header } from '../../../topology/core/record.ts';

/** A record as tests write it down. */
export interface PlainRecord {
  readonly time: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
}

/** A record of text. */
export function plain(key: string | null, value: string | null, time = 0): PlainRecord {
  return {
    time,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: [],
  };
}

/** One batch of these records, with base offset 0. */
export function batchOf(...records: readonly PlainRecord[]): Buffer {
  const builder = new RecordBatchBuilder();
  for (const { time, key, value, headers } of records) {
    builder.appendPair(time, key, value, headers);
  }
  return builder.finish();
}

/** What a batch holds, decoded. */
export function recordsOf(batch: Buffer): (PlainRecord & { readonly offset: number })[] {
  const reader = new RecordBatchReader();
  reader.open(batch);
  const records: (PlainRecord & { readonly offset: number })[] = [];
  while (reader.next()) {
    records.push({
      offset: reader.offset,
      time: reader.timestamp,
      key: reader.key(),
      value: reader.value(),
      headers: reader.headers(),
    });
  }
  return records;
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.uint8Array({ minLength: 100, maxLength: 400 }),
);
const nullable = fc.option(
  bytes.map((it) => Buffer.from(it)),
  { nil: null, freq: 5 },
);
const header: fc.Arbitrary<Header> = fc.tuple(fc.string({ unit: 'grapheme' }), nullable);

/** Any record: null and empty keys and values, headers that repeat, any time. */
export const anyRecord: fc.Arbitrary<PlainRecord> = fc.record({
  time: fc.oneof(
    fc.integer({ min: 0, max: 2_000_000_000_000 }),
    fc.integer({ min: 1_700_000_000_000, max: 1_700_000_001_000 }),
    fc.constant(-1),
  ),
  key: nullable,
  value: nullable,
  headers: fc.array(header, { maxLength: 3 }),
});
