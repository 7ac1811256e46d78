import { TaskCorruptedError } from '../../topology/core/errors.ts';
import type { Header } from '../../topology/core/record.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import { RecordBatchReader } from '../codec/batch-reader.ts';
import { isControlBatch } from '../codec/batch-header.ts';
import type { FetchedPartition, Log, Position } from '../ports.ts';
import { nextTurn } from './next-turn.ts';
import { unlessAborted } from './unless-aborted.ts';

/** One chunk: small enough that other tasks are not kept waiting while it is applied, bytes. */
export const chunkBytes = 1024 * 1024;
const fetchLimits = { maxBytes: chunkBytes, maxBytesPerPartition: chunkBytes };
/** How long to wait for a pending transaction before looking again, ms. */
const maxWaitMs = 1000;

/** One record of a topic that is read to fill state. */
export interface ReadRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly time: number;
  readonly headers: readonly Header[];
}

/**
 * The next committed records of a partition whose end, pending records included, is known to be `target` or more. Where the position does not move because a
 * transaction is pending or its markers are delayed, this waits (design.md 6). Undefined: `signal` aborted, which ends it at once, whatever the log does.
 * @throws {TaskCorruptedError} RESTORE_STUCK when the partition ends before the target by now
 */
export async function nextChunk(
  log: Log,
  at: Position,
  target: number,
  signal: AbortSignal,
): Promise<FetchedPartition | undefined> {
  for (;;) {
    const [fetched] = (await unlessAborted(log.fetch([at], fetchLimits), signal)) ?? [];
    if (signal.aborted) return undefined;
    if (fetched !== undefined && fetched.nextOffset > at.offset) return fetched;
    const [ends] = (await unlessAborted(log.ends([at], 'uncommitted'), signal)) ?? [];
    if (signal.aborted) return undefined;
    const end = ends?.end ?? 0;
    if (end < target) {
      throw new TaskCorruptedError(
        'RESTORE_STUCK',
        `${partitionId(at.topic, at.partition)} ends at ${end} although ${target} was expected`,
      );
    }
    await log.awaitRecords([at], maxWaitMs, signal);
  }
}

/** Records of what was fetched with `from` ≤ offset < `target`, markers left out. */
export function chunkRecords(
  { batches }: FetchedPartition,
  from: number,
  target: number,
): readonly ReadRecord[] {
  const records: ReadRecord[] = [];
  const reader = new RecordBatchReader();
  for (const batch of batches) {
    if (isControlBatch(batch)) continue;
    reader.open(batch);
    while (reader.next()) {
      if (reader.offset < from || reader.offset >= target) continue;
      records.push({
        offset: reader.offset,
        key: reader.key(),
        value: reader.value(),
        time: reader.timestamp,
        headers: reader.headers(),
      });
    }
  }
  return records;
}

/**
 * Reads committed records of a partition from a position until the *position* passes `target`, chunk by chunk (markers and compacted offsets occupy offsets, so
 * records are not counted; design.md 6). `take` gets a chunk and the position after it. Others get a turn between chunks; `signal` ends it early.
 * @throws {TaskCorruptedError} RESTORE_STUCK
 */
export async function readTo(
  log: Log,
  from: Position,
  target: number,
  take: (records: readonly ReadRecord[], position: number) => void | Promise<void>,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const { topic, partition } = from;
  let offset = from.offset;
  while (offset < target) {
    const fetched = await nextChunk(log, { topic, partition, offset }, target, signal);
    if (fetched === undefined) return;
    const records = chunkRecords(fetched, offset, target);
    offset = Math.min(target, fetched.nextOffset);
    await take(records, offset);
    if (offset < target) await nextTurn();
  }
}
