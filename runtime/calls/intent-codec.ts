import type { Serde } from '../../schemas/serde.ts';
import { SerdeError } from '../../topology/core/errors.ts';
import { type Header, StreamRecord } from '../../topology/core/record.ts';
import { type CallProgress, newProgress } from './call-progress.ts';
import { Scratch } from '../codec/scratch.ts';

/** An intent as it stands in the call journal (design.md 7): enough to issue it again after a crash, and to send its outcome on. */
export interface JournaledIntent {
  readonly record: StreamRecord;
  readonly request: unknown;
  readonly idempotencyKey: string;
  readonly progress: CallProgress;
}

const version = 2;
/** Where the fields of varying length begin, in each version. */
const head1 = 21;
const head2 = 46;

/**
 * Bytes of journaled intents. Layout, all integers big-endian: version (1 byte), time (float64), partition (int32), offset (float64); since version 2 the
 * progress: since (float64), parked until (float64, NaN = not), attempts, parks (int32), marked (1 byte); then topic,
 * idempotency key, key, value and request, each a length (int32, −1 = null) and bytes, then the count of headers (int32) and each header's name and value in
 * the same form; since version 2 the reason likewise. Version 1 is still read. Key, value and request are the serdes' own bytes, so the schema ids of their writers travel with them.
 */
export class IntentCodec {
  private readonly key: Serde;
  private readonly value: Serde;
  private readonly request: Serde;
  private readonly scratch = new Scratch();

  constructor(key: Serde, value: Serde, request: Serde) {
    this.key = key;
    this.value = value;
    this.request = request;
  }

  /** @throws {SerdeError} when the request does not fit its schema */
  encode(intent: JournaledIntent): Buffer {
    const { record } = intent;
    const scratch = this.scratch;
    scratch.reserve(64);
    scratch.buffer[0] = version;
    scratch.buffer.writeDoubleBE(record.time, 1);
    scratch.buffer.writeInt32BE(record.partition, 9);
    scratch.buffer.writeDoubleBE(record.offset, 13);
    const { progress } = intent;
    scratch.buffer.writeDoubleBE(progress.sinceMs ?? Number.NaN, 21);
    scratch.buffer.writeDoubleBE(progress.parkedUntilMs ?? Number.NaN, 29);
    scratch.buffer.writeInt32BE(progress.attempts, 37);
    scratch.buffer.writeInt32BE(progress.parks, 41);
    scratch.buffer[45] = progress.marked ? 1 : 0;
    let end = this.bytes(Buffer.from(record.topic), head2);
    end = this.bytes(Buffer.from(intent.idempotencyKey), end);
    end = this.encoded(this.key, record.key, end);
    end = this.encoded(this.value, record.value, end);
    end = this.encoded(this.request, intent.request, end);
    scratch.reserve(end + 4);
    scratch.buffer.writeInt32BE(record.headers.length, end);
    end += 4;
    for (const [name, value] of record.headers) {
      end = this.bytes(Buffer.from(name), end);
      end = this.bytes(value, end);
    }
    end = this.bytes(Buffer.from(progress.reason), end);
    return Buffer.from(scratch.buffer.subarray(0, end));
  }

  /** @throws {SerdeError} JOURNAL_VERSION when the bytes were written by another version of the journal */
  decode(bytes: Buffer): JournaledIntent {
    const written = bytes[0];
    if (written !== 1 && written !== version) {
      throw new SerdeError(
        'JOURNAL_VERSION',
        `the call journal holds an intent of version ${written}; this version reads 1 and ${version}`,
      );
    }
    const reader = new FieldReader(bytes, written === 1 ? head1 : head2);
    const topic = reader.text();
    const idempotencyKey = reader.text();
    const key = reader.value(this.key);
    const value = reader.value(this.value);
    const request = reader.value(this.request);
    const headers: Header[] = [];
    const count = reader.int32();
    for (let i = 0; i < count; i++) headers.push([reader.text(), reader.bytes()]);
    const record = new StreamRecord(
      key,
      value,
      bytes.readDoubleBE(1),
      headers,
      topic,
      bytes.readInt32BE(9),
      bytes.readDoubleBE(13),
    );
    const progress = written === 1 ? oldProgress : progressOf(bytes, reader.text());
    return { record, request, idempotencyKey, progress };
  }

  /** A schema id that the bytes bear whose schema is not at hand yet; undefined: they can be read. As {@link Serde.unknownId}. */
  unknownId(bytes: Buffer): number | undefined {
    const written = bytes[0];
    if (written !== 1 && written !== version) return undefined;
    const reader = new FieldReader(bytes, written === 1 ? head1 : head2);
    reader.bytes();
    reader.bytes();
    return (
      reader.unknownId(this.key) ?? reader.unknownId(this.value) ?? reader.unknownId(this.request)
    );
  }

  /** Key and value bytes of the intent's record, as its source topic would hold them. */
  raw(intent: JournaledIntent): { key: Buffer | null; value: Buffer | null } {
    const bytes = (serde: Serde, value: unknown): Buffer | null => {
      if (value === null || value === undefined) return null;
      return this.scratch.bytesOf(serde, value);
    };
    return {
      key: bytes(this.key, intent.record.key),
      value: bytes(this.value, intent.record.value),
    };
  }

  private encoded(serde: Serde, value: unknown, start: number): number {
    const scratch = this.scratch;
    scratch.reserve(start + 4);
    if (value === null || value === undefined) {
      scratch.buffer.writeInt32BE(-1, start);
      return start + 4;
    }
    const end = scratch.write(serde, value, start + 4);
    scratch.buffer.writeInt32BE(end - start - 4, start);
    return end;
  }

  private bytes(bytes: Uint8Array | null, start: number): number {
    const scratch = this.scratch;
    const length = bytes === null ? 0 : bytes.length;
    scratch.reserve(start + 4 + length);
    scratch.buffer.writeInt32BE(bytes === null ? -1 : length, start);
    if (bytes !== null) scratch.buffer.set(bytes, start + 4);
    return start + 4 + length;
  }
}

/** What a row of version 1 says of its progress. */
const oldProgress: CallProgress = { ...newProgress(0), sinceMs: undefined };

function progressOf(bytes: Buffer, reason: string): CallProgress {
  const time = (at: number): number | undefined => {
    const value = bytes.readDoubleBE(at);
    return Number.isNaN(value) ? undefined : value;
  };
  return {
    sinceMs: time(21),
    parkedUntilMs: time(29),
    attempts: bytes.readInt32BE(37),
    parks: bytes.readInt32BE(41),
    marked: bytes[45] === 1,
    reason,
  };
}

class FieldReader {
  private readonly buffer: Buffer;
  private position: number;

  constructor(buffer: Buffer, position: number) {
    this.buffer = buffer;
    this.position = position;
  }

  int32(): number {
    const value = this.buffer.readInt32BE(this.position);
    this.position += 4;
    return value;
  }

  bytes(): Buffer | null {
    const length = this.int32();
    if (length < 0) return null;
    const start = this.position;
    this.position += length;
    return Buffer.from(this.buffer.subarray(start, this.position));
  }

  text(): string {
    return (this.bytes() as Buffer).toString('utf8');
  }

  unknownId(serde: Serde): number | undefined {
    const length = this.int32();
    if (length < 0) return undefined;
    const start = this.position;
    this.position += length;
    return serde.unknownId?.(this.buffer, start, this.position);
  }

  value(serde: Serde): unknown {
    const length = this.int32();
    if (length < 0) return null;
    const start = this.position;
    this.position += length;
    return serde.read(this.buffer, start, this.position);
  }
}
