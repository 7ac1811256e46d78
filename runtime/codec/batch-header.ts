import { readInt64, writeInt64 } from './varint.ts';

/**
 * Where the fields of a Kafka record batch (message format v2) stand, in bytes from its beginning,
 * and functions that read one of them without decoding the batch. The CRC covers everything from
 * the attributes on; the base offset is outside it, so a log may assign it.
 *
 * Source: Kafka `DefaultRecordBatch`, 4.0.
 */
export const batchLayout = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

/** Bits of the attributes field. */
export const batchAttributes = {
  compression: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
} as const;

/** Offset of the first record that the batch was written with. */
export function batchBaseOffset(batch: Buffer): number {
  return readInt64(batch, batchLayout.baseOffset);
}

/**
 * Offset of the last record that the batch was written with; compaction may have removed that
 * record.
 */
export function batchLastOffset(batch: Buffer): number {
  return batchBaseOffset(batch) + batch.readInt32BE(batchLayout.lastOffsetDelta);
}

/** Number of records in the batch. */
export function batchCount(batch: Buffer): number {
  return batch.readInt32BE(batchLayout.count);
}

/** Largest record time in the batch, ms since epoch. */
export function batchMaxTimestamp(batch: Buffer): number {
  return readInt64(batch, batchLayout.maxTimestamp);
}

/** True for a batch of transaction markers: it holds no records of the application. */
export function isControlBatch(batch: Buffer): boolean {
  return (batch.readInt16BE(batchLayout.attributes) & batchAttributes.control) !== 0;
}

/** True for a batch of a transaction, markers included. */
export function isTransactionalBatch(batch: Buffer): boolean {
  return (batch.readInt16BE(batchLayout.attributes) & batchAttributes.transactional) !== 0;
}

/** Id of the producer that wrote the batch; −1 where it was not idempotent. */
export function batchProducerId(batch: Buffer): number {
  return readInt64(batch, batchLayout.producerId);
}

/** Id of the codec that the records are compressed with; 0: none. */
export function batchCompressionId(batch: Buffer): number {
  return batch.readInt16BE(batchLayout.attributes) & batchAttributes.compression;
}

/** Bytes of the whole batch as its header says; may exceed what `batch` holds. */
export function batchBytes(batch: Buffer, start = 0): number {
  return batch.readInt32BE(start + batchLayout.length) + batchLayout.leaderEpoch;
}

/** Assigns the base offset, in place. The CRC stays valid. */
export function assignBaseOffset(batch: Buffer, baseOffset: number): void {
  writeInt64(batch, batchLayout.baseOffset, baseOffset);
}
