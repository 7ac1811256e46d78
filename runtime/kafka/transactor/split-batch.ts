import { batchCount, batchLayout } from '../../codec/batch-header.ts';
import { RecordBatchReader } from '../../codec/batch-reader.ts';
import { sealBatch } from '../../codec/batch-seal.ts';
import { varintSize, writeInt64, writeVarint } from '../../codec/varint.ts';

/** Bytes of an attributes field, the first one of a record. */
const attributesBytes = 1;

/**
 * An uncompressed batch as batches of at most `maxBytes`, or as it is if it fits; a record that is larger has a batch of its own. Each has base offset 0.
 *
 * Records keep their bytes except for length and offset delta: what they hold is neither decoded nor encoded.
 */
export function splitBatch(batch: Buffer, maxBytes: number): readonly Buffer[] {
  if (batch.length <= maxBytes) return [batch];
  const parts: Buffer[] = [];
  const reader = new RecordBatchReader();
  reader.openChecked(batch);
  let part = new Part(batch, maxBytes);
  for (let i = 0; i < batchCount(batch); i++) {
    reader.next();
    if (!part.fits(reader)) {
      parts.push(part.finish());
      part = new Part(batch, maxBytes);
    }
    part.add(reader, i);
  }
  parts.push(part.finish());
  return parts;
}

class Part {
  private readonly source: Buffer;
  private readonly maxBytes: number;
  private buffer: Buffer;
  private position: number = batchLayout.records;
  private count = 0;
  private maxTimestamp = -Infinity;

  constructor(source: Buffer, maxBytes: number) {
    this.source = source;
    this.maxBytes = maxBytes;
    this.buffer = Buffer.allocUnsafeSlow(Math.min(source.length, maxBytes));
  }

  /** An offset delta becomes no longer, so a record takes no more room than it does. */
  fits({ recordStart, recordEnd }: RecordBatchReader): boolean {
    return this.count === 0 || this.position + recordEnd - recordStart <= this.maxBytes;
  }

  /** `index`: of the record in the source. */
  add({ recordStart, recordEnd, timestamp }: RecordBatchReader, index: number): void {
    const { source } = this;
    this.room(recordEnd - recordStart);
    const fields = afterVarint(source, recordStart) + attributesBytes;
    const delta = afterVarint(source, fields);
    const rest = delta + varintSize(index);
    const length =
      recordEnd - fields + attributesBytes - varintSize(index) + varintSize(this.count);
    let position = writeVarint(this.buffer, this.position, length);
    position += source.copy(this.buffer, position, fields - attributesBytes, delta);
    position = writeVarint(this.buffer, position, this.count);
    this.position = position + source.copy(this.buffer, position, rest, recordEnd);
    this.count++;
    this.maxTimestamp = Math.max(this.maxTimestamp, timestamp);
  }

  /** The batch; its base time stays that of the source. */
  finish(): Buffer {
    const batch = this.buffer.subarray(0, this.position);
    this.source.copy(batch, 0, 0, batchLayout.records);
    writeInt64(batch, batchLayout.baseOffset, 0);
    batch.writeInt32BE(batch.length - batchLayout.leaderEpoch, batchLayout.length);
    batch.writeInt32BE(this.count - 1, batchLayout.lastOffsetDelta);
    writeInt64(batch, batchLayout.maxTimestamp, this.maxTimestamp);
    batch.writeInt32BE(this.count, batchLayout.count);
    sealBatch(batch);
    return batch;
  }

  private room(bytes: number): void {
    if (this.position + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(this.position + bytes);
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }
}

/** Position after the varint or varlong at this one. */
function afterVarint(buffer: Buffer, position: number): number {
  let at = position;
  while ((buffer[at] as number) > 0x7f) at++;
  return at + 1;
}
