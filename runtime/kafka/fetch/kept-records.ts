import type { Clock } from '../../../topology/core/clock.ts';
import { partitionId } from '../../../topology/core/topic-partition.ts';
import { batchLastOffset } from '../../codec/batch-header.ts';
import type { FetchedPartition, Position } from '../../ports.ts';
import type { CommittedRecords } from './committed-records.ts';

/** How long records are kept at least, ms. */
const keptMs = 60_000;

interface Kept {
  readonly records: CommittedRecords;
  readonly sinceMs: number;
}

/**
 * Records that came before they were asked for: with a long poll, or beyond a limit. They serve a read at exactly their position; one elsewhere
 * (a rewind) discards them. Bounded in bytes: the oldest go first, to be fetched again. So do those that nobody asked for in a minute: their partition is read
 * elsewhere now, most likely.
 */
export class KeptRecords {
  private readonly maxBytes: number;
  private readonly clock: Clock;
  /** By partition, oldest first. */
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;

  constructor(maxBytes: number, clock: Clock) {
    this.maxBytes = maxBytes;
    this.clock = clock;
  }

  /** Bytes of the records that are kept. */
  get size(): number {
    return this.bytes;
  }

  keep(records: CommittedRecords): void {
    const id = partitionId(records.topic, records.partition);
    this.drop(id);
    const now = this.clock.monotonic();
    this.kept.set(id, { records, sinceMs: now });
    this.bytes += bytesOf(records);
    for (const [oldest, { sinceMs }] of this.kept) {
      const stays = this.bytes <= this.maxBytes && now - sinceMs <= keptMs;
      if (stays || oldest === id) return;
      this.drop(oldest);
    }
  }

  /** True if something lies ready at this position: records, or a later position. */
  has({ topic, partition, offset }: Position): boolean {
    const found = this.kept.get(partitionId(topic, partition))?.records;
    return found?.offset === offset && found.nextOffset > offset;
  }

  /**
   * What is kept at this position, up to the batch that reaches `maxBytes`: one batch at least. The rest stays. Undefined: nothing is at this position.
   */
  take(position: Position, maxBytes: number): FetchedPartition | undefined {
    const { topic, partition, offset } = position;
    const id = partitionId(topic, partition);
    const found = this.kept.get(id)?.records;
    if (found === undefined) return undefined;
    this.drop(id);
    if (found.offset !== offset) return undefined;
    const { startOffset, endOffset } = found;
    const count = fitting(found.batches, maxBytes);
    let { batches, nextOffset } = found;
    if (count < batches.length) {
      nextOffset = batchLastOffset(batches[count - 1] as Buffer) + 1;
      this.keep({ ...found, offset: nextOffset, batches: batches.slice(count) });
      batches = batches.slice(0, count);
    }
    return { topic, partition, batches, nextOffset, startOffset, endOffset };
  }

  private drop(id: string): void {
    const found = this.kept.get(id);
    if (found === undefined) return;
    this.kept.delete(id);
    this.bytes -= bytesOf(found.records);
  }
}

/** Number of batches up to the one with which `maxBytes` are reached; one at least. */
function fitting(batches: readonly Buffer[], maxBytes: number): number {
  let bytes = 0;
  for (let i = 0; i < batches.length; i++) {
    bytes += (batches[i] as Buffer).length;
    if (bytes >= maxBytes) return i + 1;
  }
  return batches.length;
}

function bytesOf({ batches }: CommittedRecords): number {
  let bytes = 0;
  for (const batch of batches) bytes += batch.length;
  return bytes;
}
