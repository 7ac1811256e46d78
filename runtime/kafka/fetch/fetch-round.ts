import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { FetchedPartition, FetchLimits, Position } from '../../ports.ts';
import type { CommittedRecords } from './committed-records.ts';
import type { KeptRecords } from './kept-records.ts';

/** What one `fetch` has gathered so far, within its limits. What goes beyond them is kept. */
export class FetchRound {
  private readonly limits: FetchLimits;
  private readonly kept: KeptRecords;
  private readonly found = new Map<string, FetchedPartition>();
  private leftBytes: number;
  /** True as soon as a partition got on: records, or a later position. */
  brought = false;

  constructor(limits: FetchLimits, kept: KeptRecords) {
    this.limits = limits;
    this.kept = kept;
    this.leftBytes = limits.maxBytes;
  }

  /** Partitions that are settled. */
  get size(): number {
    return this.found.size;
  }

  /** Settles a partition with what was kept of it; false: there is nothing. */
  take(position: Position): boolean {
    if (!this.kept.has(position)) return false;
    const limit = Math.min(this.limits.maxBytesPerPartition, this.leftBytes);
    const found = this.kept.take(position, limit);
    if (found === undefined) return false;
    this.found.set(partitionId(found.topic, found.partition), found);
    for (const batch of found.batches) this.leftBytes -= batch.length;
    this.brought = true;
    return true;
  }

  /**
   * Settles a partition with an answer. False: the answer had no room for its records, so it has to be asked for again, `mayRepeat` and the limit permitting.
   */
  add(records: CommittedRecords, mayRepeat: boolean): boolean {
    const { offset, nextOffset, endOffset, startOffset } = records;
    if (nextOffset > offset) {
      this.kept.keep(records);
      return this.take(records);
    }
    if (endOffset > offset && mayRepeat && this.leftBytes > 0) return false;
    this.nothing(records, startOffset, endOffset);
    return true;
  }

  /** Settles a partition that has nothing at this position. */
  nothing(position: Position, startOffset: number, endOffset: number): void {
    const { topic, partition, offset: nextOffset } = position;
    const found = { topic, partition, batches: [], nextOffset, startOffset, endOffset };
    this.found.set(partitionId(topic, partition), found);
  }

  /** In order of the positions, without those that are not settled. */
  results(positions: readonly Position[]): readonly FetchedPartition[] {
    return positions.flatMap(({ topic, partition }) => {
      const found = this.found.get(partitionId(topic, partition));
      return found === undefined ? [] : [found];
    });
  }
}
