import { IllegalStateError } from '../../topology/core/errors.ts';
import type { Header } from '../../topology/core/record.ts';
import { batchLayout } from './batch-header.ts';
import { sealBatch } from './batch-seal.ts';
import { copyBytes, copyWhole, utf8Length, writeUtf8 } from './short-bytes.ts';
import { varintSize, varlongSize, writeInt64, writeVarint, writeVarlong } from './varint.ts';

/**
 * A state of a {@link RecordBatchBuilder} to go back to. Valid until the builder finishes or goes
 * back behind it.
 */
export interface BatchMark {
  readonly position: number;
  readonly count: number;
  readonly maxTimestamp: number;
}

const initialBytes = 16 * 1024;
const nothing = Buffer.alloc(0);

/**
 * Builds Kafka record batches (message format v2, uncompressed, without producer id) in one buffer
 * that grows and is used again.
 *
 * Records get the offsets 0, 1, 2, …; the log assigns the base offset. Times need not ascend.
 */
export class RecordBatchBuilder {
  private buffer = Buffer.allocUnsafeSlow(initialBytes);
  private position: number = batchLayout.records;
  private records = 0;
  private baseTimestamp = 0;
  private maxTimestamp = 0;
  private readonly sealed: boolean;

  /**
   * `sealed: false` leaves the CRC of finished batches 0, for a log that seals them itself (the
   * producer's fields are under the CRC): it is then computed once.
   */
  constructor({ sealed = true }: { readonly sealed?: boolean } = {}) {
    this.sealed = sealed;
  }

  /** Number of records so far. */
  get count(): number {
    return this.records;
  }

  /** Bytes of the batch so far, its header included. */
  get bytes(): number {
    return this.position;
  }

  /** Bytes that its buffer takes, however few are used. */
  get capacity(): number {
    return this.buffer.length;
  }

  /**
   * Appends a record whose key is `source[keyStart, keyEnd)` and whose value is `source[valueStart,
   * valueEnd)`; an end of −1 stands for null. The bytes are copied.
   */
  append(
    timestampMs: number,
    source: Buffer,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    headers: readonly Header[],
  ): void {
    this.write(timestampMs, source, keyStart, keyEnd, source, valueStart, valueEnd, headers);
  }

  /** Appends a record from a key and a value in buffers of their own. The bytes are copied. */
  appendPair(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly Header[],
  ): void {
    const keyBytes = key === null ? nothing : asBuffer(key);
    const valueBytes = value === null ? nothing : asBuffer(value);
    this.write(
      timestampMs,
      keyBytes,
      0,
      key === null ? -1 : keyBytes.length,
      valueBytes,
      0,
      value === null ? -1 : valueBytes.length,
      headers,
    );
  }

  private write(
    timestampMs: number,
    keySource: Buffer,
    keyStart: number,
    keyEnd: number,
    valueSource: Buffer,
    valueStart: number,
    valueEnd: number,
    headers: readonly Header[],
  ): void {
    if (this.records === 0) {
      this.baseTimestamp = timestampMs;
      this.maxTimestamp = timestampMs;
    } else if (timestampMs > this.maxTimestamp) {
      this.maxTimestamp = timestampMs;
    }
    const timestampDelta = timestampMs - this.baseTimestamp;
    const keyLength = keyEnd < 0 ? -1 : keyEnd - keyStart;
    const valueLength = valueEnd < 0 ? -1 : valueEnd - valueStart;
    const length =
      1 +
      varlongSize(timestampDelta) +
      varintSize(this.records) +
      varintSize(keyLength) +
      (keyLength < 0 ? 0 : keyLength) +
      varintSize(valueLength) +
      (valueLength < 0 ? 0 : valueLength) +
      (headers.length === 0 ? 1 : headersSize(headers));
    if (this.position + length + 5 > this.buffer.length) this.grow(length + 5);

    const buffer = this.buffer;
    let position = writeVarint(buffer, this.position, length);
    buffer[position++] = 0;
    position = writeVarlong(buffer, position, timestampDelta);
    position = writeVarint(buffer, position, this.records);
    position = writeVarint(buffer, position, keyLength);
    if (keyLength > 0) position = copyBytes(keySource, keyStart, keyEnd, buffer, position);
    position = writeVarint(buffer, position, valueLength);
    if (valueLength > 0) position = copyBytes(valueSource, valueStart, valueEnd, buffer, position);
    if (headers.length === 0) buffer[position++] = 0;
    else position = writeHeaders(buffer, position, headers);
    this.position = position;
    this.records++;
  }

  /** The present state, for {@link rollback}: a savepoint inside the batch. */
  mark(): BatchMark {
    return { position: this.position, count: this.records, maxTimestamp: this.maxTimestamp };
  }

  /**
   * Drops every record appended since the mark.
   * @throws {IllegalStateError} BATCH_MARK when the builder is behind the mark
   */
  rollback(mark: BatchMark): void {
    if (mark.position > this.position) {
      throw new IllegalStateError('BATCH_MARK', 'a batch cannot go back to a mark ahead of it');
    }
    this.position = mark.position;
    this.records = mark.count;
    this.maxTimestamp = mark.maxTimestamp;
  }

  /**
   * The whole batch with base offset 0, in a buffer of its own. The builder is empty afterwards.
   * @throws {IllegalStateError} BATCH_EMPTY when no record was appended: Kafka has no empty batches
   */
  finish(): Buffer {
    if (this.records === 0) {
      throw new IllegalStateError('BATCH_EMPTY', 'a record batch needs at least one record');
    }
    const batch = Buffer.allocUnsafeSlow(this.position);
    this.buffer.copy(batch, 0, 0, this.position);
    writeInt64(batch, batchLayout.baseOffset, 0);
    batch.writeInt32BE(this.position - batchLayout.leaderEpoch, batchLayout.length);
    batch.writeInt32BE(-1, batchLayout.leaderEpoch);
    batch[batchLayout.magic] = 2;
    batch.writeInt16BE(0, batchLayout.attributes);
    batch.writeInt32BE(this.records - 1, batchLayout.lastOffsetDelta);
    writeInt64(batch, batchLayout.baseTimestamp, this.baseTimestamp);
    writeInt64(batch, batchLayout.maxTimestamp, this.maxTimestamp);
    writeInt64(batch, batchLayout.producerId, -1);
    batch.writeInt16BE(-1, batchLayout.producerEpoch);
    batch.writeInt32BE(-1, batchLayout.baseSequence);
    batch.writeInt32BE(this.records, batchLayout.count);
    if (this.sealed) sealBatch(batch);
    else batch.writeUInt32BE(0, batchLayout.crc);
    this.reset();
    return batch;
  }

  /** Drops all records. */
  reset(): void {
    this.position = batchLayout.records;
    this.records = 0;
  }

  private grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.position + bytes));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function headersSize(headers: readonly Header[]): number {
  let size = varintSize(headers.length);
  for (let i = 0; i < headers.length; i++) {
    const [name, value] = headers[i] as Header;
    const nameLength = utf8Length(name);
    size += varintSize(nameLength) + nameLength;
    size += value === null ? 1 : varintSize(value.length) + value.length;
  }
  return size;
}

function writeHeaders(buffer: Buffer, start: number, headers: readonly Header[]): number {
  let position = writeVarint(buffer, start, headers.length);
  for (let i = 0; i < headers.length; i++) {
    const [name, value] = headers[i] as Header;
    const nameLength = utf8Length(name);
    position = writeVarint(buffer, position, nameLength);
    position = writeUtf8(buffer, position, name, nameLength);
    if (value === null) {
      position = writeVarint(buffer, position, -1);
    } else {
      position = writeVarint(buffer, position, value.length);
      position = copyWhole(value, buffer, position);
    }
  }
  return position;
}
