import type { Clock } from '../../topology/core/clock.ts';
import type { Report } from '../logger.ts';
import type { FetchedPartition, Log, PartitionEnds, StateBackend } from '../ports.ts';
import {
  type ChangelogRecord,
  type RestoredStore,
  restoreWrites,
  wipeStore,
} from '../state/restore.ts';
import { keepHeader } from '../state/row-format.ts';
import { chunkRecords, type ReadRecord } from './changelog-reader.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface StoreCopyOptions {
  readonly log: Log;
  readonly state: StateBackend;
  readonly clock: Clock;
  readonly store: RestoredStore;
  readonly changelog: string;
  /** Told when local state cannot be used and is rebuilt: that is said aloud (design.md 6). */
  readonly report: Report;
  /** Changelog records → stored records, without those that are no rows (a source-backed store skips what does not decode). */
  readonly toRows?: (
    records: readonly ReadRecord[],
    signal: AbortSignal,
  ) => Promise<readonly ChangelogRecord[]>;
}

/**
 * One store on the disk of this member, brought nearer to its changelog chunk by chunk: for a restore, and for a standby. State that cannot be continued is rebuilt
 * from the beginning; otherwise it is never wiped.
 */
export class StoreCopy {
  readonly options: StoreCopyOptions;
  /** Offset of the next changelog record to apply. */
  position = 0;
  /** Where {@link open} has found the position. */
  begin = 0;
  /** Position to bring it to; a restore is over there. */
  target = 0;
  /** Wall clock as of which the rows will be complete once {@link target} is reached; undefined: that is not known. */
  private completeAtTarget: number | undefined;
  /** Goes to disk with the next chunk. */
  private asOfMs: number | undefined;
  /** The topic that the position is in, where the disk does not have it yet; goes there with the next chunk. */
  private topicId: string | undefined;

  constructor(options: StoreCopyOptions) {
    this.options = options;
  }

  get topic(): string {
    return this.options.changelog;
  }

  get partition(): number {
    return this.options.store.partition;
  }

  /**
   * Fixes the target: the changelog's end as of now, pending records included, but not past `input`, the committed input position of a source-backed store.
   * Local state of another topic of this name, below the log's start, past its end or target, or older than tombstones are kept is wiped. Does nothing more once `signal` aborted.
   */
  async open(input: number | undefined, signal: AbortSignal): Promise<void> {
    const { log, state, clock, store } = this.options;
    const { topic, partition } = this;
    const nowMs = clock.now();
    const [ends] =
      (await unlessAborted(log.ends([{ topic, partition }], 'uncommitted'), signal)) ?? [];
    if (signal.aborted) return;
    const found = ends ?? { topic, partition, start: 0, end: 0, tombstonesFrom: 0 };
    const table = state.open(store.name, partition);
    let position = table.position();
    const local = { asOfMs: table.asOfMs(), nowMs, topicId: table.topicId() };
    const why = position === undefined ? undefined : unusable(position, found, local, input);
    if (why !== undefined) {
      this.options.report(
        `store "${store.name}" of partition ${partition} is at ${position}, ${why}: it is rebuilt`,
        { level: 'warn', store: store.name, partition },
      );
      await wipeStore(state, store.name, partition);
      position = undefined;
    }
    this.begin = this.position = position ?? found.start;
    this.target = Math.min(input ?? found.end, found.end);
    // What is read from the beginning was there after now, so what deletes it stays for as long after now as tombstones do.
    if (position === undefined) this.asOfMs = nowMs;
    this.completeAtTarget = this.target >= found.end ? nowMs : undefined;
    this.topicId = table.topicId() === found.topicId ? undefined : found.topicId;
  }

  /**
   * Applies what was fetched from {@link position}, up to {@link target}; nothing of it once `signal` aborted. `completeMs`: wall clock as of which it goes to the
   * end of the changelog, if it does.
   */
  async take(fetched: FetchedPartition, signal: AbortSignal, completeMs?: number): Promise<void> {
    const { log, state, store, toRows = changelogRows } = this.options;
    const { position, target } = this;
    const rows = await toRows(chunkRecords(fetched, position, target), signal);
    if (signal.aborted) return;
    const next = Math.min(target, fetched.nextOffset);
    const asOfMs = completeMs ?? this.asOfMs;
    const { topicId } = this;
    this.asOfMs = this.topicId = undefined;
    this.position = next;
    const writes = restoreWrites(store, rows, next).map((write, i) =>
      i === 0 ? { ...write, asOfMs, topicId } : write,
    );
    await state.apply(writes, log.incarnation);
  }

  /** Notes on disk that the target is reached. */
  async reached(signal: AbortSignal): Promise<void> {
    const { log, state, store } = this.options;
    const asOfMs = this.completeAtTarget ?? this.asOfMs;
    const { topicId } = this;
    if (signal.aborted || (asOfMs === undefined && topicId === undefined)) return;
    this.completeAtTarget = this.asOfMs = this.topicId = undefined;
    const { name, partition } = store;
    const { position } = this;
    const write = { store: name, partition, rows: [], position, asOfMs, topicId };
    await state.apply([write], log.incarnation);
  }

  /** A standby goes on to a later target. */
  follow(target: number): void {
    if (target > this.target) this.target = target;
  }
}

/** The rows that stand in a changelog. */
export async function changelogRows(records: readonly ReadRecord[]): Promise<ChangelogRecord[]> {
  return records.flatMap(({ key, value, time, headers }) => {
    if (key === null) return [];
    return [{ key, value, time, keep: headers.some(([name]) => name === keepHeader) }];
  });
}

/** Why local state at this position cannot be continued; undefined: it can. */
function unusable(
  position: number,
  ends: PartitionEnds,
  local: {
    readonly asOfMs: number | undefined;
    readonly nowMs: number;
    readonly topicId: string | undefined;
  },
  input: number | undefined,
): string | undefined {
  if (isOfAnother(local.topicId, ends.topicId)) {
    return `and its topic "${ends.topic}" was deleted and created again`;
  }
  const { start, end } = ends;
  if (position > end || position < start) return `outside of its changelog (${start} to ${end})`;
  const missed = missedDeletes(position, ends, local);
  if (missed !== undefined) return missed;
  return input !== undefined && position > input ? `past the committed input ${input}` : undefined;
}

/** True where a position was in another topic of the same name than there is now: offsets of the one mean nothing in the other. Unknown ids tell nothing. */
export function isOfAnother(stored: string | undefined, present: string | undefined): boolean {
  return stored !== undefined && present !== undefined && stored !== present;
}

/**
 * Why rows up to this position may lack deletes after it that compaction has taken away; undefined: they do not. `asOfMs` is when they were complete last.
 */
export function missedDeletes(
  position: number,
  { end, tombstonesFrom, tombstonesKeptMs }: PartitionEnds,
  { asOfMs, nowMs }: { readonly asOfMs: number | undefined; readonly nowMs: number },
): string | undefined {
  if (position < tombstonesFrom) return 'and deletes after that were compacted away';
  if (tombstonesKeptMs === undefined || position >= end) return undefined;
  if (asOfMs === undefined) return 'and nobody knows how old it is';
  const ageMs = nowMs - asOfMs;
  if (ageMs < tombstonesKeptMs) return undefined;
  return `and ${hours(ageMs)} old, while deletes stay in the log for ${hours(tombstonesKeptMs)}`;
}

function hours(ms: number): string {
  return `${Math.floor(ms / 3_600_000)} h`;
}
