import { noHeaders } from '../../topology/core/record.ts';
import type { Header } from '../../topology/core/record.ts';
import { checkBatch, corruptBatch } from './batch-check.ts';
import { batchAttributes, batchLayout } from './batch-header.ts';
import { RepeatedTexts } from './repeated-texts.ts';
import { copyOut } from './short-bytes.ts';
import { readInt64 } from './varint.ts';

const nothing = Buffer.alloc(0);
const headersTooLong = 'has headers longer than their record';

/**
 * Walks over the records of one batch after another without allocating anything per record.
 *
 * ```ts
 * reader.open(batch);
 * while (reader.next()) use(reader.offset, reader.buffer, reader.valueStart, reader.valueEnd);
 * ```
 *
 * **Gotchas** The copies that it gives are small buffers of Node's pool: one that is kept keeps a
 * slab of `Buffer.poolSize` bytes, but never the batch. The fields describe the present record: `next` overwrites them. Before the first
 * `next` they mean nothing.
 */
export class RecordBatchReader {
  /** The batch that is open. */
  buffer: Buffer = nothing;
  offset = -1;
  /** Record time, ms since epoch. */
  timestamp = 0;
  keyStart = 0;
  /** −1: the key is null. */
  keyEnd = -1;
  valueStart = 0;
  /** −1: the value is null (a tombstone in a compacted topic). */
  valueEnd = -1;
  /** Where the present record begins (its length field) and ends in the batch. */
  recordStart = 0;
  recordEnd = 0;

  private position = 0;
  private remaining = 0;
  private baseOffset = 0;
  private baseTimestamp = 0;
  private appendTime = false;
  private headersAt = 0;
  private readonly names = new RepeatedTexts();

  /**
   * Opens a whole batch and checks its length, format and CRC.
   * @throws {StorageError} BATCH_CORRUPT, or BATCH_UNSUPPORTED for an older format or a compressed
   * batch
   */
  open(batch: Buffer): void {
    checkBatch(batch);
    this.openChecked(batch);
  }

  /** {@link open} for a batch that was checked already, as those that a log gives were. */
  openChecked(batch: Buffer): void {
    this.buffer = batch;
    this.baseOffset = readInt64(batch, batchLayout.baseOffset);
    // With log append time every record has the batch's time, whatever its delta says.
    this.appendTime =
      (batch.readInt16BE(batchLayout.attributes) & batchAttributes.logAppendTime) !== 0;
    this.baseTimestamp = readInt64(
      batch,
      this.appendTime ? batchLayout.maxTimestamp : batchLayout.baseTimestamp,
    );
    this.remaining = batch.readInt32BE(batchLayout.count);
    this.position = batchLayout.records;
    this.recordEnd = this.position;
  }

  /**
   * Lets go of the batch, which an idle reader would keep in memory (and a response that it is a
   * view of). There is no next record then.
   */
  close(): void {
    this.buffer = nothing;
    this.remaining = 0;
    this.recordEnd = 0;
  }

  /**
   * Moves to the next record; false after the last one.
   * @throws {StorageError} BATCH_CORRUPT when the records do not fill the batch as its header says
   */
  next(): boolean {
    if (this.remaining === 0) {
      if (this.recordEnd !== this.buffer.length)
        throw corruptBatch('has bytes behind its last record');
      return false;
    }
    this.remaining--;
    this.recordStart = this.recordEnd;
    this.position = this.recordStart;
    const length = this.readVarint();
    this.recordEnd = this.position + length;
    if (length < 0 || this.recordEnd > this.buffer.length) {
      throw corruptBatch('has a record that reaches beyond its end');
    }
    this.position++;
    const delta = this.readVarlong();
    this.timestamp = this.appendTime ? this.baseTimestamp : this.baseTimestamp + delta;
    this.offset = this.baseOffset + this.readVarint();
    const keyLength = this.readVarint();
    this.keyStart = this.position;
    this.keyEnd = keyLength < 0 ? -1 : this.position + keyLength;
    if (keyLength > 0) this.position += keyLength;
    const valueLength = this.readVarint();
    this.valueStart = this.position;
    this.valueEnd = valueLength < 0 ? -1 : this.position + valueLength;
    if (valueLength > 0) this.position += valueLength;
    if (this.position >= this.recordEnd) throw corruptBatch('has a record shorter than its fields');
    this.headersAt = this.position;
    return true;
  }

  /** Headers of the present record, copied; the shared empty list if it has none. */
  headers(): readonly Header[] {
    const buffer = this.buffer;
    if (buffer[this.headersAt] === 0) return noHeaders;
    this.position = this.headersAt;
    const count = this.readVarint();
    if (count < 0) throw corruptBatch('has a record with a negative number of headers');
    const headers: Header[] = [];
    for (let i = 0; i < count; i++) {
      const nameLength = this.readVarint();
      const nameEnd = this.position + nameLength;
      if (nameLength < 0 || nameEnd > this.recordEnd) throw corruptBatch(headersTooLong);
      const name = this.names.text(buffer, this.position, nameEnd, i);
      this.position = nameEnd;
      const valueLength = this.readVarint();
      const valueEnd = this.position + valueLength;
      if (valueEnd > this.recordEnd) throw corruptBatch(headersTooLong);
      if (valueLength < 0) {
        headers.push([name, null]);
      } else {
        headers.push([name, copyOut(buffer, this.position, valueEnd)]);
        this.position = valueEnd;
      }
    }
    return headers;
  }

  /** The key, copied, or null. */
  key(): Buffer | null {
    return this.keyEnd < 0 ? null : copyOut(this.buffer, this.keyStart, this.keyEnd);
  }

  /** The value, copied, or null. */
  value(): Buffer | null {
    return this.valueEnd < 0 ? null : copyOut(this.buffer, this.valueStart, this.valueEnd);
  }

  private readVarint(): number {
    const buffer = this.buffer;
    let byte = buffer[this.position++] as number;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let zigzag = byte & 0x7f;
    let shift = 7;
    do {
      if (shift > 28) throw corruptBatch('has a number longer than 32 bits');
      byte = buffer[this.position++] as number;
      zigzag |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte > 0x7f);
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  private readVarlong(): number {
    const buffer = this.buffer;
    let byte = buffer[this.position++] as number;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    const negative = (byte & 1) === 1;
    let magnitude = (byte & 0x7f) >>> 1;
    let scale = 64;
    do {
      if (scale > Number.MAX_SAFE_INTEGER) throw corruptBatch('has a number longer than 64 bits');
      byte = buffer[this.position++] as number;
      magnitude += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte > 0x7f);
    return negative ? -magnitude - 1 : magnitude;
  }
}
