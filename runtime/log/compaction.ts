import { filterBatch } from '../codec/batch-filter.ts';
import { RecordBatchReader } from '../codec/batch-reader.ts';

/**
 * Compaction of a partition, as in Kafka: of each key the last record stays, with its offset. A
 * pass first notes the last offset of each key in a range of batches, then filters every batch up
 * to the end of that range.
 */

/** Compaction settings of a log. */
export interface CompactionOptions {
  /** A partition is compacted when at least this share of its bytes was never compacted. */
  readonly minDirtyRatio: number;
  /** … and at least this many bytes were never compacted. */
  readonly minDirtyBytes: number;
  /** A tombstone stays at least this long after the first pass over it, ms. */
  readonly deleteRetentionMs: number;
}

/** Kafka's dirty ratio and ours for the rest: tombstones stay 7 days (design.md 6). */
export const defaultCompaction: CompactionOptions = {
  minDirtyRatio: 0.5,
  minDirtyBytes: 1024 * 1024,
  deleteRetentionMs: 7 * 86_400_000,
};

/** When a prefix of a partition was first compacted: everything below `offset`, at `atMs`. */
export interface CleanPoint {
  readonly offset: number;
  readonly atMs: number;
}

/** Last offset of each key (its bytes as a latin-1 string) in a range of batches. */
export type LatestOffsets = Map<string, number>;

/** Notes the last offset of each key of the batch. Batches must come in offset order. */
export function noteKeys(batch: Buffer, latest: LatestOffsets, reader: RecordBatchReader): void {
  reader.open(batch);
  while (reader.next()) {
    if (reader.keyEnd >= 0) latest.set(keyText(reader), reader.offset);
  }
}

/**
 * The batch without records that have a later record of their key in `latest`, and without
 * tombstones below `tombstonesBelow`. Undefined: nothing of it stays. Records without a key stay.
 */
export function compactBatch(
  batch: Buffer,
  latest: LatestOffsets,
  tombstonesBelow: number,
): Buffer | undefined {
  return filterBatch(batch, (record) => {
    if (record.keyEnd < 0) return true;
    const last = latest.get(keyText(record));
    if (last !== undefined && last > record.offset) return false;
    return record.valueEnd >= 0 || record.offset >= tombstonesBelow;
  });
}

/** Tombstones below this offset have been there long enough to go. */
export function tombstoneHorizon(
  points: readonly CleanPoint[],
  nowMs: number,
  deleteRetentionMs: number,
): number {
  let horizon = 0;
  for (const point of points) {
    if (point.atMs + deleteRetentionMs <= nowMs) horizon = Math.max(horizon, point.offset);
  }
  return horizon;
}

/**
 * The clean points after a pass at `nowMs` over everything below `offset`. Points whose tombstones
 * that pass removed are dropped, and a new one is only added an eighth of the retention after the
 * last, so that there are never more than ten: a tombstone may stay an eighth longer than it must.
 */
export function addCleanPoint(
  points: readonly CleanPoint[],
  offset: number,
  nowMs: number,
  deleteRetentionMs: number,
): readonly CleanPoint[] {
  const horizon = tombstoneHorizon(points, nowMs, deleteRetentionMs);
  const kept = points.filter((point) => point.offset > horizon);
  const last = kept.at(-1);
  if (offset <= (last?.offset ?? horizon)) return kept;
  if (last !== undefined && nowMs - last.atMs < deleteRetentionMs / 8) return kept;
  return [...kept, { offset, atMs: nowMs }];
}

/** True when a partition with these bytes is due for a pass. */
export function needsCompaction(
  dirtyBytes: number,
  totalBytes: number,
  options: CompactionOptions,
): boolean {
  return (
    dirtyBytes > 0 &&
    dirtyBytes >= options.minDirtyBytes &&
    dirtyBytes >= options.minDirtyRatio * totalBytes
  );
}

function keyText(record: RecordBatchReader): string {
  return record.buffer.toString('latin1', record.keyStart, record.keyEnd);
}
