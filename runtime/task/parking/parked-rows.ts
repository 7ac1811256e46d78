import { createHash } from 'node:crypto';
import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import { assignBaseOffset } from '../../codec/batch-header.ts';
import { RecordBatchBuilder } from '../../codec/batch-builder.ts';
import { RecordBatchReader } from '../../codec/batch-reader.ts';
import type { Position } from '../../ports.ts';
import { maxKeyBytes } from '../../state/row-format.ts';
import type { RawRecord } from '../dead-letter.ts';
import type { ParkedId } from '../release.ts';
import { readSequence, sequenceLength, writeSequence } from '../sequence-bytes.ts';

/** What a task holds, all keys together. */
export interface ParkedTotals {
  /** Keys that are parked. */
  readonly keys: number;
  /** Records that are held, those that parked their keys included. */
  readonly held: number;
  /** The latest {@link ParkedId.sinceMs} of a key that is free again: what parks from now on is told from it. −1: none is. */
  readonly freedMs: number;
}

/** A key that is parked. Its records have the sequence numbers from `first` to before `next`. */
export interface ParkedKey extends ParkedId {
  /** The input record whose dead letter parks the key: the source position that the letter names. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The sequence number of that record. Below `first`: it was released, and those behind it follow. */
  readonly head: number;
  readonly first: number;
  readonly next: number;
}

/** A record that is held, and the input partition that it was in. */
export interface HeldRecord extends Position, RawRecord {
  readonly key: Buffer;
  readonly value: Buffer | null;
  /** The record alone, as a fetched batch has it. */
  readonly batch: Buffer;
}

/** What a row of a parked store is of. Rows of one key have one id, {@link parkedKeyId}. */
export type ParkedRow =
  | { readonly kind: 'totals' }
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'held'; readonly id: string; readonly sequence: number };

/** Longest key that stands in a row's key as it is, bytes; of a longer one its SHA-256 does. */
const longestKey = maxKeyBytes - 13;
/** In place of a key's length where its hash stands. */
const hashed = 0xffffffff;

const prefix = { totals: 0x74, key: 0x6b, hashedKey: 0x4b, held: 0x68 } as const;

/** Key of the row with a task's {@link ParkedTotals}. */
export const totalsKey: Buffer = Buffer.from([prefix.totals]);

/** Bounds of the keys of rows of parked keys: from one, to before the other. */
export const parkedKeyRanges: readonly (readonly [from: Buffer, to: Buffer])[] = [
  prefix.hashedKey,
  prefix.key,
].map((first) => [Buffer.from([first]), Buffer.from([first + 1])]);

/** Key of the row with the {@link ParkedKey} of a key, by its bytes. */
export function parkedKeyRow(key: Buffer): Buffer {
  const long = key.length > longestKey;
  return Buffer.concat([Buffer.from([long ? prefix.hashedKey : prefix.key]), nameOf(key)]);
}

/** Key of the row with a {@link HeldRecord}: in order of key, then of arrival. */
export function heldRow(key: Buffer, sequence: number): Buffer {
  const name = nameOf(key);
  const row = Buffer.alloc(1 + 4 + name.length + sequenceLength);
  row[0] = prefix.held;
  row.writeUInt32BE(key.length > longestKey ? hashed : name.length, 1);
  name.copy(row, 5);
  writeSequence(row, sequence, row.length - sequenceLength);
  return row;
}

/** What the rows of a key are known by: {@link ParkedRow}. */
export function parkedKeyId(key: Buffer): string {
  if (key.length > longestKey) return parkedKeyRow(key).toString('latin1');
  return String.fromCharCode(prefix.key) + key.toString('latin1');
}

/** What a row with this key is of; undefined: a later version wrote it. */
export function parkedRow(row: Buffer): ParkedRow | undefined {
  switch (row[0]) {
    case prefix.totals:
      return { kind: 'totals' };
    case prefix.key:
    case prefix.hashedKey:
      return { kind: 'key', id: row.toString('latin1') };
    case prefix.held: {
      const kind = row.readUInt32BE(1) === hashed ? prefix.hashedKey : prefix.key;
      const end = row.length - sequenceLength;
      const id = String.fromCharCode(kind) + row.toString('latin1', 5, end);
      return { kind: 'held', id, sequence: readSequence(row, end) };
    }
    default:
      return undefined;
  }
}

/** Nothing is parked, and nothing ever was. */
const nothingParked: ParkedTotals = Object.freeze({ keys: 0, held: 0, freedMs: -1 });

/** The value of a row of totals or of a key. */
export function encodeParked(row: ParkedTotals | ParkedKey): Buffer {
  return Buffer.from(JSON.stringify(row));
}

/** The totals that such a value has; without one nothing is parked, and nothing ever was. */
export function decodeTotals(value: Buffer | undefined): ParkedTotals {
  if (value === undefined) return nothingParked;
  return JSON.parse(value.toString('utf8')) as ParkedTotals;
}

/** The parked key that such a value has. */
export function decodeParkedKey(value: Buffer): ParkedKey {
  return JSON.parse(value.toString('utf8')) as ParkedKey;
}

/** The value of a held record's row: the record as a batch of its own, behind the partition that it was in. `builder` is empty, before and after. */
export function encodeHeld(
  { topic, partition, offset }: Position,
  raw: RawRecord,
  builder: RecordBatchBuilder,
): Buffer {
  const name = Buffer.from(topic);
  const place = Buffer.alloc(6);
  place.writeUInt16BE(name.length, 0);
  place.writeUInt32BE(partition, 2);
  return Buffer.concat([place, name, oneRecordBatch(raw, offset, builder)]);
}

/** The held record that such a value has. */
export function decodeHeld(row: Buffer): HeldRecord {
  const { topic, partition, batch } = placed(row);
  const reader = new RecordBatchReader();
  reader.openChecked(batch);
  reader.next();
  const { offset, timestamp: time } = reader;
  const key = reader.key() as Buffer;
  const [value, headers] = [reader.value(), reader.headers()];
  return { topic, partition, offset, time, key, value, headers, batch };
}

/** A record as a log gives it: a batch of it alone, at its offset. */
export function oneRecordBatch(
  { time, key, value, headers }: RawRecord,
  offset: number,
  builder: RecordBatchBuilder,
): Buffer {
  builder.appendPair(time, key, value, headers);
  const batch = builder.finish();
  assignBaseOffset(batch, offset);
  return batch;
}

function placed(value: Buffer): TopicPartition & { readonly batch: Buffer } {
  const end = 6 + value.readUInt16BE(0);
  const topic = value.toString('utf8', 6, end);
  return { topic, partition: value.readUInt32BE(2), batch: value.subarray(end) };
}

function nameOf(key: Buffer): Buffer {
  return key.length > longestKey ? createHash('sha256').update(key).digest() : key;
}
