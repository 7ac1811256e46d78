import { isStreamsError, StorageError } from '../../../topology/core/errors.ts';
import { partitionId } from '../../../topology/core/topic-partition.ts';
import { decompressBatch } from '../../codec/batch-compression.ts';
import { filterBatch } from '../../codec/batch-filter.ts';
import { batchBaseOffset, batchLastOffset } from '../../codec/batch-header.ts';
import { forEachBatch, ownBatches } from '../../codec/fetched-batches.ts';
import type { Position } from '../../ports.ts';
import { type AbortedTransaction, AbortFilter } from '../abort-filter.ts';

/** What a Fetch response says about one partition. */
export interface FetchResponse {
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  readonly records: Buffer | null;
}

/** Committed records of a partition, from a position on. */
export interface CommittedRecords extends Position {
  /** Whole uncompressed batches, checked. */
  readonly batches: readonly Buffer[];
  /** Position after them, and after what holds no committed records behind them. */
  readonly nextOffset: number;
  readonly startOffset: number;
  /** The last stable offset: what comes after is not known to be committed. */
  readonly endOffset: number;
}

/**
 * The committed records of a Fetch response, without aborted ones and markers. Batches may wait: they keep no response in memory of which they are a small part.
 * @throws {StorageError} LOG_CORRUPT for a damaged batch, or one of an unknown format
 */
export function committedRecords(position: Position, response: FetchResponse): CommittedRecords {
  const { topic, partition, offset } = position;
  const batches: Buffer[] = [];
  let nextOffset = offset;
  try {
    const filter = new AbortFilter(response.abortedTransactions ?? []);
    forEachBatch(response.records ?? Buffer.alloc(0), (batch) => {
      const next = batchLastOffset(batch) + 1;
      // A compacted batch keeps its last offset; one that ends before the position is of no use.
      if (filter.admits(batch) && next > offset) {
        const live = fromStart(decompressBatch(batch), response.logStartOffset);
        if (live !== undefined) batches.push(live);
      }
      nextOffset = Math.max(nextOffset, next);
    });
  } catch (error) {
    if (!isStreamsError(error)) throw error;
    throw new StorageError(
      'LOG_CORRUPT',
      `${partitionId(topic, partition)} cannot be read after ${nextOffset}: ${error.message}`,
      { cause: error, place: { topic, partition, offset: nextOffset } },
    );
  }
  return {
    topic,
    partition,
    offset,
    batches: ownBatches(batches),
    nextOffset,
    startOffset: Math.max(0, response.logStartOffset),
    endOffset: Math.max(0, response.lastStableOffset),
  };
}

/** The batch without records that were deleted: the start of a log may lie inside of a batch. */
function fromStart(batch: Buffer, startOffset: number): Buffer | undefined {
  if (batchBaseOffset(batch) >= startOffset) return batch;
  return filterBatch(batch, (record) => record.offset >= startOffset);
}
