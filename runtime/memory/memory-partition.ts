import { filterBatch } from '../codec/batch-filter.ts';
import {
  assignBaseOffset,
  batchBaseOffset,
  batchLastOffset,
  batchMaxTimestamp,
} from '../codec/batch-header.ts';
import { RecordBatchReader } from '../codec/batch-reader.ts';
import {
  addCleanPoint,
  compactBatch,
  needsCompaction,
  noteKeys,
  tombstoneHorizon,
} from '../log/compaction.ts';
import type { CleanPoint, CompactionOptions } from '../log/compaction.ts';

/** Batches of one partition of a {@link MemoryLog}, in offset order. */
export class MemoryPartition {
  /** Log start: offset of the first record that may still be there. */
  start = 0;
  /** Position after the last record. */
  end = 0;
  bytes = 0;
  private batches: Buffer[] = [];
  /** Tombstones before this offset are gone. */
  tombstonesFrom = 0;
  private cleanedTo = 0;
  private cleanPoints: readonly CleanPoint[] = [];
  /** Batches of transactions that are not decided, oldest first. */
  private undecided: { readonly transaction: object; readonly batch: Buffer }[] = [];

  /** Stores a copy of the batch and returns the offset of its first record. */
  append(batch: Buffer): number {
    const stored = Buffer.from(batch);
    assignBaseOffset(stored, this.end);
    this.batches.push(stored);
    this.bytes += stored.length;
    const base = this.end;
    this.end = batchLastOffset(stored) + 1;
    return base;
  }

  /** As {@link append}, but readers see it only once {@link decide} says that the transaction is committed. */
  appendUndecided(batch: Buffer, transaction: object): number {
    const base = this.append(batch);
    this.undecided.push({ transaction, batch: this.batches.at(-1) as Buffer });
    return base;
  }

  /** Ends a transaction here: its marker takes an offset if `marker` says so, an aborted one's records leave theirs empty. */
  decide(transaction: object, outcome: 'commit' | 'abort', marker: boolean): void {
    const own = this.undecided.filter((it) => it.transaction === transaction);
    if (own.length === 0) return;
    this.undecided = this.undecided.filter((it) => it.transaction !== transaction);
    if (marker) this.end++;
    if (outcome === 'commit') return;
    const dropped = new Set(own.map(({ batch }) => batch));
    this.batches = this.batches.filter((batch) => !dropped.has(batch));
    for (const batch of dropped) this.bytes -= batch.length;
  }

  /** Position before which everything is decided: Kafka's last stable offset. */
  get stableEnd(): number {
    const [first] = this.undecided;
    return first === undefined ? this.end : batchBaseOffset(first.batch);
  }

  /** Batches with records at or after `offset`, about `maxBytes` of them, at least one. */
  read(offset: number, maxBytes: number): { batches: Buffer[]; nextOffset: number } {
    const from = Math.max(offset, this.start);
    const { stableEnd } = this;
    const stop = stableEnd === this.end ? this.batches.length : this.indexOf(stableEnd);
    let index = this.indexOf(from);
    const found: Buffer[] = [];
    let bytes = 0;
    while (index < stop && (found.length === 0 || bytes < maxBytes)) {
      const batch = this.batches[index++] as Buffer;
      bytes += batch.length;
      found.push(batch);
    }
    const last = found.at(-1);
    const nextOffset =
      last === undefined || index >= stop ? Math.max(offset, stableEnd) : batchLastOffset(last) + 1;
    const first = found[0];
    if (first !== undefined && offset < from && batchBaseOffset(first) < from) {
      const cut = filterBatch(first, (record) => record.offset >= from);
      found.splice(0, 1, ...(cut === undefined ? [] : [cut]));
    }
    return { batches: found, nextOffset };
  }

  /** Moves the log start up to `offset` and drops the batches that end before it. */
  deleteBefore(offset: number): void {
    if (offset <= this.start) return;
    this.start = offset;
    const dropped = this.batches.splice(0, this.indexOf(offset));
    for (const batch of dropped) this.bytes -= batch.length;
  }

  /** Drops batches from the beginning whose records are all older than `timeMs`. */
  expire(timeMs: number): void {
    let index = 0;
    while (
      index < this.batches.length &&
      batchMaxTimestamp(this.batches[index] as Buffer) < timeMs
    ) {
      index++;
    }
    const next = this.batches[index];
    if (index > 0) this.deleteBefore(next === undefined ? this.end : batchBaseOffset(next));
  }

  /** Runs a compaction pass if one is due. */
  compact(nowMs: number, options: CompactionOptions): void {
    if (this.undecided.length > 0) return;
    const dirtyFrom = this.indexOf(this.cleanedTo);
    let dirtyBytes = 0;
    for (const batch of this.batches.slice(dirtyFrom)) dirtyBytes += batch.length;
    const horizon = tombstoneHorizon(this.cleanPoints, nowMs, options.deleteRetentionMs);
    const due = needsCompaction(dirtyBytes, this.bytes, options);
    if (!due && horizon === 0) return;
    const latest = new Map<string, number>();
    const reader = new RecordBatchReader();
    for (const batch of this.batches.slice(dirtyFrom)) noteKeys(batch, latest, reader);
    const kept: Buffer[] = [];
    for (const batch of this.batches) {
      const left = compactBatch(batch, latest, horizon);
      if (left !== undefined) kept.push(left);
    }
    this.batches = kept;
    this.bytes = kept.reduce((sum, batch) => sum + batch.length, 0);
    this.cleanedTo = this.end;
    this.tombstonesFrom = Math.max(this.tombstonesFrom, horizon);
    this.cleanPoints = addCleanPoint(this.cleanPoints, this.end, nowMs, options.deleteRetentionMs);
  }

  /** Index of the first batch whose last offset is at or after `offset`. */
  private indexOf(offset: number): number {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (batchLastOffset(this.batches[middle] as Buffer) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
