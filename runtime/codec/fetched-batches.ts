import { checkFormat, corruptBatch } from './batch-check.ts';
import { batchBytes, batchLayout } from './batch-header.ts';

/**
 * Calls `visit` with each whole batch of a Fetch response's records, in order: views, not copies,
 * of which only length and format were checked. A batch that is cut off at the end is left out: a
 * broker cuts at the size that was asked for.
 *
 * **Gotchas** Any view keeps the whole response in memory, and so does all that is a view of the
 * view. What is copied, and does not: {@link ownBatches}; what `decompressBatch` gives of a compressed
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

/** Memory up to this size is left as it is, and small copies share this much, bytes. */
const sharedBytes = 64 * 1024;

/**
 * The batches in memory of their own: one that takes less than half of what it is a view of is
 * copied. For batches that wait: one of them keeps its own size and at most 64 KiB besides in
 * memory, not a response of many partitions.
 */
export function ownBatches(batches: readonly Buffer[]): readonly Buffer[] {
  let left = 0;
  for (const batch of batches) if (isSmallPart(batch)) left += batch.length;
  if (left === 0) return batches;
  let memory = Buffer.alloc(0);
  let used = 0;
  return batches.map((batch) => {
    if (!isSmallPart(batch)) return batch;
    const { length } = batch;
    if (length > memory.length - used) {
      memory = Buffer.allocUnsafeSlow(Math.max(length, Math.min(sharedBytes, left)));
      used = 0;
    }
    const own = memory.subarray(used, used + length);
    batch.copy(own);
    used += length;
    left -= length;
    return own;
  });
}

function isSmallPart(batch: Buffer): boolean {
  const { byteLength } = batch.buffer;
  return byteLength > sharedBytes && batch.length * 2 < byteLength;
}
