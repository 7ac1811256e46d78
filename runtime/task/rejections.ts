import { ProcessingError } from '../../topology/core/errors.ts';
import { noHeaders, StreamRecord } from '../../topology/core/record.ts';
import type { CallLog } from '../calls/call-log.ts';
import { newProgress } from '../calls/call-progress.ts';
import { canonicalText } from '../../processors/canonical.ts';
import type { KeyValueStore } from '../../processors/store.ts';
import type { Position } from '../ports.ts';
import type { Attempt } from './attempt.ts';
import { type CallJournals, journalStore } from './call-journals.ts';
import type { CompiledSubTopology } from './compiled.ts';
import type { FailedCall, FailedRecord, RawRecord } from './dead-letter.ts';
import { type DeadLetters, stageOf } from './dead-letters.ts';
import { nextDue } from './punctuation-schedule.ts';
import type { RefusedRows } from './refused-rows.ts';
import type { ParkedKeys } from './parking/parked-keys.ts';
import type { QueueItem } from './partition-queue.ts';
import type { ParkedId } from './release.ts';
import { punctuationId, type TaskTimes } from './task-times.ts';
import type { HeldItem, ReplyItem, TickItem, WorkItem } from './work-item.ts';

export interface RejectionOptions {
  readonly topology: CompiledSubTopology;
  readonly times: TaskTimes;
  readonly journals: CallJournals;
  readonly callLog: CallLog;
  /** Wall clock at the start of the batch, ms. */
  readonly wallClock: () => number;
  readonly deadLetters: DeadLetters;
  readonly handle: (store: string, attempt: Attempt) => KeyValueStore;
  readonly refusedRows: RefusedRows;
  /** Undefined: no record parks its key. */
  readonly parked: ParkedKeys | undefined;
  /** Name of the source that reads a topic. */
  readonly sourceOf: (topic: string) => string;
  /** Raw bytes of a record that the present batch took. */
  readonly raw: (topic: string, offset: number) => RawRecord | undefined;
}

/** A larger call is not in its dead letter: both together might be more than a log takes. */
const maxIntentBytes = 256 * 1024;

const nothing: RawRecord = { key: null, value: null, headers: noHeaders, time: 0 };

/** What becomes of items that fail: a dead letter each, a counter each, and what must not happen again is taken off (a reply, a tick). */
export class Rejections {
  private readonly options: RejectionOptions;

  constructor(options: RejectionOptions) {
    this.options = options;
  }

  /** A record that its source cannot take: it goes to the dead letters without having been in any stage. `held`: it was held before. */
  refuse(taken: QueueItem, error: unknown, attempt: Attempt, held?: HeldItem): void {
    const stage = this.options.sourceOf(taken.topic);
    this.recordLetter(placeOf(taken, stage), error, attempt, held);
    const outcomes = attempt.outcomesOf(stage);
    outcomes.in++;
    outcomes.deadLettered++;
  }

  /** A stage asks for a record to be dead-lettered, which came of one of the items. The stage counts it. */
  byStage(
    record: StreamRecord,
    stage: string,
    reason: string,
    items: readonly WorkItem[],
    attempt: Attempt,
  ): void {
    const place = placeOf(record, stage);
    const error = new ProcessingError('RECORD_REJECTED', reason);
    const failed = this.rejectedRecord(record, items);
    this.options.deadLetters.write({ error, place, ...failed }, attempt);
  }

  private rejectedRecord(
    record: StreamRecord,
    items: readonly WorkItem[],
  ): Pick<FailedRecord, 'raw' | 'origin' | 'call'> {
    const reply = items.find((item) => isReplyFor(item, record));
    if (reply !== undefined) {
      return {
        raw: this.rawOfReply(reply),
        origin: 'rejected-reply',
        ...this.callOf(reply),
      };
    }
    const held = items.find((item) => isHeldAs(item, record));
    const raw = held?.raw ?? this.options.raw(record.topic, record.offset);
    if (raw !== undefined) return { raw, origin: 'rejected' };
    return { raw: textOf(record), origin: 'derived' };
  }

  /**
   * An item that failed when it was run alone. Its effects are rolled back already.
   * @throws the error of a record that its source refused: only an error policy `fail` makes that fail; of a note, which only a broken journal does
   */
  failed(item: WorkItem, error: unknown, attempt: Attempt): void {
    if (item instanceof StreamRecord) {
      this.failedRecord(item, error, attempt);
      return;
    }
    switch (item.kind) {
      case 'poison':
      case 'note':
        throw error;
      case 'held':
        if (!(item.taken instanceof StreamRecord)) throw error;
        this.failedRecord(item.taken, error, attempt, item);
        break;
      case 'reply':
        this.failedReply(item, error, attempt);
        break;
      case 'tick':
        this.failedTick(item, error, attempt);
        break;
    }
  }

  private failedRecord(
    record: StreamRecord,
    error: unknown,
    attempt: Attempt,
    held?: HeldItem,
  ): void {
    const source = this.options.sourceOf(record.topic);
    const stage = stageOf(error) ?? source;
    this.recordLetter(placeOf(record, stage), error, attempt, held);
    if (stage !== source) {
      const taken = attempt.outcomesOf(source);
      taken.in++;
      taken.emitted++;
      taken.out++;
    }
    const outcomes = attempt.outcomesOf(stage);
    outcomes.in++;
    outcomes.deadLettered++;
  }

  /** The dead letter of an input record, which parks its key where the policy says so. */
  private recordLetter(
    place: RecordPlace,
    error: unknown,
    attempt: Attempt,
    held?: HeldItem,
  ): void {
    const { deadLetters, refusedRows } = this.options;
    const { topic, offset } = place;
    const raw = held?.raw ?? this.options.raw(topic, offset) ?? nothing;
    const parked = this.park(place, raw, attempt, held);
    deadLetters.write({ raw, error, place, origin: 'record', parked }, attempt);
    refusedRows.note(topic, offset, raw.key, attempt.output);
  }

  private park(
    place: RecordPlace,
    raw: RawRecord,
    attempt: Attempt,
    held: HeldItem | undefined,
  ): ParkedId | undefined {
    const { parked, deadLetters, wallClock } = this.options;
    const policy = deadLetters.policyOf(place.stage);
    const parks = 'parkByKey' in policy && policy.parkByKey !== undefined;
    if (parked === undefined) return undefined;
    if (held !== undefined) {
      if (parks) return parked.parkAgain(held.key, place, raw, wallClock(), attempt);
      parked.takeOff(held.key, attempt);
      return undefined;
    }
    if (!parks || raw.key === null || !parked.covers(place.topic)) return undefined;
    return parked.park(Buffer.from(raw.key), place, raw, wallClock(), attempt);
  }

  private failedReply(item: ReplyItem, error: unknown, attempt: Attempt): void {
    const journal = this.options.handle(journalStore(item.stage), attempt);
    this.options.journals.remove(journal, item.sequence);
    this.options.callLog.write(item, this.options.wallClock(), attempt.output);
    const stage = stageOf(error) ?? item.stage;
    const place = placeOf(item.intent.record, stage);
    const raw = this.rawOfReply(item);
    const failed = { raw, error, place, origin: 'reply', ...this.callOf(item) } as const;
    this.options.deadLetters.write(failed, attempt);
    countDerived(item.stage, stage, attempt);
  }

  private failedTick(item: TickItem, error: unknown, attempt: Attempt): void {
    const { punctuation, time } = item;
    const { times } = this.options;
    const id = punctuationId(punctuation.stage, punctuation.name);
    times.setDue(id, nextDue(times.due(id) ?? 0, punctuation.everyMs, time));
    const stage = stageOf(error) ?? punctuation.stage;
    const value = Buffer.from(JSON.stringify({ punctuation: punctuation.name, time }));
    const raw = { key: null, value, headers: noHeaders, time: Math.max(0, time) };
    this.options.deadLetters.write(
      { raw, error, place: { stage }, origin: 'punctuation' },
      attempt,
    );
    countDerived(punctuation.stage, stage, attempt);
  }

  private rawOfReply(item: ReplyItem): RawRecord {
    const { headers, time } = item.intent.record;
    return { ...this.options.journals.raw(item.stage, item.intent), headers, time };
  }

  /** Its call as the journal had it before anything was sent: to be issued again with the same key, within the same window. */
  private callOf({ stage, intent }: ReplyItem): { readonly call?: FailedCall } {
    const { sinceMs, marked } = intent.progress;
    const progress = { ...newProgress(0), sinceMs, marked };
    const row = this.options.journals.encoded(stage, { ...intent, progress });
    return row.length > maxIntentBytes ? {} : { call: { stage, intent: row } };
  }
}

/** What stands for the bytes of a record that a stage made, and no topic holds. */
function textOf({ key, value, headers, time }: StreamRecord): RawRecord {
  const text = (part: unknown): Buffer | null =>
    part === null ? null : Buffer.from(canonicalText(part));
  return { key: text(key), value: text(value), headers, time: Math.max(0, time) };
}

/** True for the reply to a call that a record led to, whatever became of it since. */
function isReplyFor(item: WorkItem, record: StreamRecord): item is ReplyItem {
  if (item instanceof StreamRecord || item.kind !== 'reply') return false;
  const { topic, partition, offset } = item.intent.record;
  return offset === record.offset && partition === record.partition && topic === record.topic;
}

/** True for the item whose record a record came from, whatever became of it since. */
function isHeldAs(item: WorkItem, record: StreamRecord): item is HeldItem {
  if (item instanceof StreamRecord || item.kind !== 'held' || item.taken === undefined)
    return false;
  const { topic, partition, offset } = item.taken;
  return offset === record.offset && partition === record.partition && topic === record.topic;
}

/** The input record that failed, and the stage that it failed in. */
type RecordPlace = Position & { readonly stage: string };

function placeOf({ topic, partition, offset }: Position, stage: string): RecordPlace {
  return { stage, topic, partition, offset };
}

/** Counts what a stage made of a reply or a punctuation, and what failed there or in a stage below. */
function countDerived(from: string, failedIn: string, attempt: Attempt): void {
  const outcomes = attempt.outcomesOf(failedIn);
  outcomes.deadLettered++;
  if (failedIn === from) return;
  attempt.outcomesOf(from).out++;
  outcomes.in++;
}
