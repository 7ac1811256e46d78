import { TaskCorruptedError } from '../../topology/core/errors.ts';
import type { Header } from '../../topology/core/record.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import { RecordBatchReader } from '../codec/batch-reader.ts';
import { isControlBatch } from '../codec/batch-header.ts';
import type { Log, PartitionEnds, StateBackend } from '../ports.ts';
import {
  type ChangelogRecord,
  type RestoredStore,
  restoreWrites,
  wipeStore,
} from '../state/restore.ts';
import { keepHeader } from '../state/row-format.ts';
import type { Task } from '../task/task.ts';

const fetchLimits = { maxBytes: 8 * 1024 * 1024, maxBytesPerPartition: 8 * 1024 * 1024 };

/** One record of a topic that is read to its end at start. */
export interface ReadRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly time: number;
  readonly headers: readonly Header[];
}

/**
 * Reads committed records of a partition from `from` until the *position* passes `target`, chunk by chunk (markers and compacted offsets occupy offsets, so
 * records are not counted; design.md 6). `take` gets a chunk and the position after it.
 * @throws {TaskCorruptedError} RESTORE_STUCK when the log gives nothing although the position lies before its end
 */
export async function readTo(
  log: Log,
  from: { readonly topic: string; readonly partition: number; readonly offset: number },
  target: number,
  take: (records: readonly ReadRecord[], position: number) => Promise<void>,
): Promise<void> {
  const { topic, partition } = from;
  let offset = from.offset;
  while (offset < target) {
    const [fetched] = await log.fetch([{ topic, partition, offset }], fetchLimits);
    if (fetched === undefined || fetched.nextOffset <= offset) {
      throw new TaskCorruptedError(
        'RESTORE_STUCK',
        `${partitionId(topic, partition)} ends at ${offset} although ${target} was expected`,
      );
    }
    const records: ReadRecord[] = [];
    for (const batch of fetched.batches) readBatch(batch, offset, target, records);
    offset = Math.min(target, fetched.nextOffset);
    await take(records, offset);
  }
}

function readBatch(batch: Buffer, from: number, target: number, records: ReadRecord[]): void {
  if (isControlBatch(batch)) return;
  const reader = new RecordBatchReader();
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

export interface RestoreOptions {
  readonly log: Log;
  readonly state: StateBackend;
  readonly store: RestoredStore;
  readonly changelog: string;
  /** Told when local state cannot be used and is rebuilt: that is said aloud (design.md 6). */
  readonly report: (message: string) => void;
  /** Position to restore to; undefined: the changelog's end, uncommitted records included, as of now. */
  readonly target: number | undefined;
  /** The log may have lost acknowledged records since the local state was written. */
  readonly logChanged: boolean;
  /** Changelog records → stored records, without those that are no rows (a source-backed store skips what does not decode). */
  readonly toRows?: (records: readonly ReadRecord[]) => Promise<readonly ChangelogRecord[]>;
}

/**
 * Brings a store's local state from its own position to the changelog's end. State that cannot be continued (below the log's start, past its end) is rebuilt from
 * the beginning; otherwise it is never wiped. Returns the number of records applied.
 */
export async function restoreStore(options: RestoreOptions): Promise<number> {
  const { log, state, store, changelog, report } = options;
  const { partition } = store;
  const [ends] = await log.ends([{ topic: changelog, partition }], 'uncommitted');
  const start = ends?.start ?? 0;
  const end = ends?.end ?? 0;
  const target = Math.min(options.target ?? end, end);
  let position = state.open(store.name, partition).position();
  const why =
    position === undefined
      ? undefined
      : unusable(options, position, { start, end, tombstonesFrom: ends?.tombstonesFrom ?? 0 });
  if (why !== undefined) {
    report(
      `store "${store.name}" of partition ${partition} is at ${position}, ${why}: it is rebuilt`,
    );
    await wipeStore(state, store.name, partition);
    position = undefined;
  }
  let applied = 0;
  const from = { topic: changelog, partition, offset: position ?? start };
  const toRows = options.toRows ?? changelogRows;
  await readTo(log, from, target, async (records, next) => {
    const rows = await toRows(records);
    applied += rows.length;
    await state.apply(restoreWrites(store, rows, next), log.incarnation);
  });
  return applied;
}

/** Drops the local state of tasks that failed because a row of it is broken: the next start restores it. */
export async function wipeCorrupted(state: StateBackend, tasks: readonly Task[]): Promise<void> {
  for (const { failure, topology, partition } of tasks) {
    if (!(failure instanceof TaskCorruptedError)) continue;
    for (const { name } of topology.stores) await wipeStore(state, name, partition);
  }
}

async function changelogRows(records: readonly ReadRecord[]): Promise<ChangelogRecord[]> {
  return records.flatMap(({ key, value, time, headers }) => {
    if (key === null) return [];
    return [{ key, value, time, keep: headers.some(([name]) => name === keepHeader) }];
  });
}

/** Why local state at this position cannot be continued; undefined: it can. */
function unusable(
  options: RestoreOptions,
  position: number,
  { start, end, tombstonesFrom }: Pick<PartitionEnds, 'start' | 'end' | 'tombstonesFrom'>,
): string | undefined {
  if (position > end || position < start) return `outside of its changelog (${start} to ${end})`;
  if (position < tombstonesFrom) return 'and deletes after that were compacted away';
  const { target, logChanged } = options;
  if (target === undefined) return undefined;
  if (position > target) return `past the committed input ${target}`;
  // Others write a source topic: after a loss its offsets may stand for other records.
  return logChanged ? 'and its source topic may have lost records' : undefined;
}
