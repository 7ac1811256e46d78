import { batchLayout } from './batch-header.ts';
import { RecordBatchReader } from './batch-reader.ts';
import { sealBatch } from './batch-seal.ts';
import { writeInt64 } from './varint.ts';

/**
 * The batch without the records that `keep` refuses, or the batch itself if it keeps all, or
 * undefined if it keeps none. Kept records have their old offsets and times: base offset, base time
 * and last offset delta stay (Kafka `MemoryRecords.filterTo`). `keep` gets the reader, positioned
 * on the record.
 * @throws {StorageError} BATCH_CORRUPT
 */
export function filterBatch(
  batch: Buffer,
  keep: (record: RecordBatchReader) => boolean,
): Buffer | undefined {
  const reader = new RecordBatchReader();
  reader.open(batch);
  const runs: Buffer[] = [batch.subarray(0, batchLayout.records)];
  let total = 0;
  let kept = 0;
  let maxTimestamp = -Infinity;
  while (reader.next()) {
    total++;
    if (!keep(reader)) continue;
    kept++;
    maxTimestamp = Math.max(maxTimestamp, reader.timestamp);
    runs.push(batch.subarray(reader.recordStart, reader.recordEnd));
  }
  if (kept === total) return batch;
  if (kept === 0) return undefined;
  const filtered = Buffer.concat(runs);
  filtered.writeInt32BE(filtered.length - batchLayout.leaderEpoch, batchLayout.length);
  writeInt64(filtered, batchLayout.maxTimestamp, maxTimestamp);
  filtered.writeInt32BE(kept, batchLayout.count);
  sealBatch(filtered);
  return filtered;
}
