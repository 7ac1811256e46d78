import { crc32c } from '@node-rs/crc32';
import { StorageError } from '../../topology/core/errors.ts';
import { batchBytes, batchCompressionId, batchLayout } from './batch-header.ts';
import { compressionName } from './compression.ts';

/** Format of the batches that this folder reads and writes: Kafka 0.11 and later. */
const magic = 2;

/**
 * Checks length, format and CRC of a whole batch whose records are not compressed.
 * @throws {StorageError} BATCH_CORRUPT, or BATCH_UNSUPPORTED for an older format or a compressed
 * batch
 */
export function checkBatch(batch: Buffer): void {
  checkIntegrity(batch);
  const compression = batchCompressionId(batch);
  if (compression !== 0) {
    throw new StorageError(
      'BATCH_UNSUPPORTED',
      `a record batch is compressed with ${compressionName(compression)} ` +
        'where records can be read in place only: decompress it first',
    );
  }
}

/**
 * Checks length, format and CRC of a whole batch, compressed or not.
 * @throws {StorageError} BATCH_CORRUPT, or BATCH_UNSUPPORTED for an older format
 */
export function checkIntegrity(batch: Buffer): void {
  if (batch.length < batchLayout.records) throw corruptBatch('is shorter than its header');
  checkFormat(batch, 0);
  if (batchBytes(batch) !== batch.length) throw corruptBatch('is not as long as its header says');
  const stored = batch.readUInt32BE(batchLayout.crc);
  if (crc32c(batch.subarray(batchLayout.attributes)) !== stored) {
    throw corruptBatch('does not match its checksum');
  }
}

/**
 * Checks the message format of the batch that begins at `start`: its place is the same in all
 * formats.
 * @throws {StorageError} BATCH_UNSUPPORTED for an older format
 */
export function checkFormat(bytes: Buffer, start: number): void {
  const found = bytes[start + batchLayout.magic];
  if (found === magic) return;
  throw new StorageError(
    'BATCH_UNSUPPORTED',
    `a record batch has message format ${found}; only format 2 (Kafka 0.11 and later) is read`,
  );
}

/** The error for a batch whose bytes make no sense; `what` goes on after "a record batch". */
export function corruptBatch(what: string, cause?: unknown): StorageError {
  const message = `a record batch ${what}: its bytes are damaged`;
  return new StorageError('BATCH_CORRUPT', message, { cause });
}
