import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { FetchedPartition, FetchLimits, Position } from '../../ports.ts';
import type { CommittedRecords } from './committed-records.ts';
import type { KeptRecords } from './kept-records.ts';

/** Below this a limit is met to the byte; above, half of it is enough: another round trip is not worth the rest. */
const exactBytes = 64 * 1024;

interface Gathered {
  readonly fetched: FetchedPartition;
  readonly bytes: number;
}

/** What one `fetch` has gathered so far, within its limits. What goes beyond them is kept. */
export class FetchRound {
  private readonly limits: FetchLimits;
  private readonly kept: KeptRecords;
  private readonly found = new Map<string, Gathered>();
  /** What is left of the limit for all partitions; less than 0 when the last batch went beyond it. */
  leftBytes: number;
  /** True as soon as a partition got on: records, or a later position. */
  brought = false;

  constructor(limits: FetchLimits, kept: KeptRecords) {
    this.limits = limits;
    this.kept = kept;
    this.leftBytes = limits.maxBytes;
  }

  /** Partitions of which something is known. */
  get size(): number {
    return this.found.size;
  }

  /** Takes what was kept at this position; false: there is nothing. */
  take(position: Position): boolean {
    if (!this.kept.has(position)) return false;
    const id = partitionId(position.topic, position.partition);
    const before = this.found.get(id);
    const limit = this.limits.maxBytesPerPartition - (before?.bytes ?? 0);
    const fetched = this.kept.take(position, Math.min(limit, this.leftBytes));
    if (fetched === undefined) return false;
    let bytes = 0;
    for (const batch of fetched.batches) bytes += batch.length;
    this.leftBytes -= bytes;
    this.brought = true;
    this.found.set(id, {
      bytes: bytes + (before?.bytes ?? 0),
      fetched: { ...fetched, batches: [...(before?.fetched.batches ?? []), ...fetched.batches] },
    });
    return true;
  }

  /**
   * Takes an answer. Gives the position at which to ask again: the answer had no room for this partition, or it ended early (one answer never goes beyond
   * a segment of the log). Undefined: this is enough.
   */
  add(records: CommittedRecords): Position | undefined {
    const { topic, partition, offset, nextOffset, startOffset, endOffset } = records;
    if (nextOffset === offset) {
      const id = partitionId(topic, partition);
      if (!this.found.has(id)) this.nothing(records, startOffset, endOffset);
      return endOffset > offset && this.leftBytes > 0 ? { topic, partition, offset } : undefined;
    }
    this.kept.keep(records);
    this.take(records);
    const next = { topic, partition, offset: nextOffset };
    return nextOffset < endOffset && this.wants(next) ? next : undefined;
  }

  /** A partition that has nothing at this position. */
  nothing(position: Position, startOffset: number, endOffset: number): void {
    const { topic, partition, offset: nextOffset } = position;
    const fetched = { topic, partition, batches: [], nextOffset, startOffset, endOffset };
    this.found.set(partitionId(topic, partition), { fetched, bytes: 0 });
  }

  /** In order of the positions, without those of which nothing is known. */
  results(positions: readonly Position[]): readonly FetchedPartition[] {
    return positions.flatMap(({ topic, partition }) => {
      const gathered = this.found.get(partitionId(topic, partition));
      return gathered === undefined ? [] : [gathered.fetched];
    });
  }

  private wants({ topic, partition, offset }: Position): boolean {
    const gathered = this.found.get(partitionId(topic, partition));
    // What goes beyond the limits is kept at an earlier position.
    if (gathered?.fetched.nextOffset !== offset) return false;
    const { maxBytes, maxBytesPerPartition } = this.limits;
    return (
      gathered.bytes < enough(maxBytesPerPartition) && this.leftBytes > maxBytes - enough(maxBytes)
    );
  }
}

function enough(limit: number): number {
  return limit <= exactBytes ? limit : limit / 2;
}
