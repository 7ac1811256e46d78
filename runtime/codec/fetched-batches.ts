import { checkFormat, corruptBatch } from './batch-check.ts';
import { batchBytes, batchLayout } from './batch-header.ts';

/**
 * Calls `visit` with each whole batch of a Fetch response's records, in order: views, not copies,
 * of which only length and format were checked. A batch that is cut off at the end is left out: a
 * broker cuts at the size that was asked for.
 *
 * **Gotchas** Any view keeps the whole response in memory, and so does all that is a view of the
 * view. What is copied, and does not: {@link ownBatch}; what `decompressBatch` gives of a compressed
 * batch (an uncompressed one it gives back as it is); `key`, `value` and `headers` of a reader. An
 * open reader keeps its batch until it opens another one or is closed.
 * @throws {StorageError} BATCH_UNSUPPORTED for messages of formats 0 and 1; BATCH_CORRUPT for a
 * length that no batch has
 */
export function forEachBatch(records: Buffer, visit: (batch: Buffer) => void): void {
  let start = 0;
  // The format first: a message of an old one is shorter than a batch's header.
  while (start + batchLayout.magic < records.length) {
    checkFormat(records, start);
    if (start + batchLayout.records > records.length) return;
    const bytes = batchBytes(records, start);
    if (bytes < batchLayout.records) throw corruptBatch('is shorter than its header');
    if (start + bytes > records.length) return;
    visit(records.subarray(start, start + bytes));
    start += bytes;
  }
}

/**
 * The batch in memory that is at most twice its size: itself if it takes half or more of what it
 * is a view of, otherwise a copy. For a batch that waits in a queue, so that it does not keep a
 * response of many partitions in memory.
 */
export function ownBatch(batch: Buffer): Buffer {
  if (batch.length * 2 >= batch.buffer.byteLength) return batch;
  const copy = Buffer.allocUnsafeSlow(batch.length);
  batch.copy(copy);
  return copy;
}
