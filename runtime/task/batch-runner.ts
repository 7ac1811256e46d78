import { CallFailure } from '../../processors/call-handler.ts';
import { CallReply } from '../../processors/call-reply.ts';
import type { CallIntent } from '../../processors/stage.ts';
import type { KeyValueStore } from '../../processors/store.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { isStreamsError, ProcessingError, SerdeError } from '../../topology/core/errors.ts';
import { StreamRecord } from '../../topology/core/record.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import type { CallLog } from '../calls/call-log.ts';
import { newProgress } from '../calls/call-progress.ts';
import type { JournaledIntent } from '../calls/intent-codec.ts';
import { Attempt } from './attempt.ts';
import { type CallJournals, journalStore } from './call-journals.ts';
import type { CompiledPunctuation, CompiledSubTopology } from './compiled.ts';
import type { DeadLetters } from './dead-letters.ts';
import { type BuilderPool, OutputBuffer } from './output-buffer.ts';
import { Pipeline, type PipelineHost } from './pipeline.ts';
import { Punctuations } from './punctuations.ts';
import { AttemptContext, type ContextHost } from './stage-context.ts';
import type { TaskStores } from './task-stores.ts';
import type { RefusedRows } from './refused-rows.ts';
import { timeRefusal } from './record-refusal.ts';
import { Rejections, type RejectionOptions } from './rejections.ts';
import type { TaskTimes } from './task-times.ts';
import { ParkedKeys } from './parking/parked-keys.ts';
import type { QueueItem } from './partition-queue.ts';
import { isSameFailure } from './release.ts';
import { TakenRecords } from './taken-records.ts';
import type { HeldItem, WorkItem } from './work-item.ts';

export interface BatchRunnerOptions {
  readonly topology: CompiledSubTopology;
  readonly taskId: string;
  readonly times: TaskTimes;
  readonly stores: TaskStores;
  readonly journals: CallJournals;
  readonly callLog: CallLog;
  readonly deadLetters: DeadLetters;
  readonly refusedRows: RefusedRows;
  readonly pool: BuilderPool;
  readonly clock: Clock;
  /** Wall-clock time that a batch may take, ms. */
  readonly budgetMs: number;
  /** A record whose time is later than the wall clock by more than this is dead-lettered (E5); undefined: no bound. */
  readonly maxFutureMs: number | undefined;
  /** Raw bytes of a record that the present batch took. */
  readonly raw: RejectionOptions['raw'];
  /** The key of such a record alone; null: it has none. */
  readonly rawKey: (topic: string, offset: number) => Buffer | null | undefined;
  /** Topic for topic, partition and offset of each record taken; undefined: none (tests ask for it). */
  readonly trace: string | undefined;
}

/** A batch whose observables have all completed: ready for a transaction. */
export interface CompletedBatch {
  readonly attempt: Attempt;
  readonly items: readonly WorkItem[];
  readonly intents: readonly SequencedIntent[];
}

/** An intent that entered the journal in this batch. */
export interface SequencedIntent {
  readonly stage: string;
  readonly sequence: number;
  readonly intent: JournaledIntent;
}

/**
 * Runs batches of one task, one at a time (design.md 4). First all items in one attempt; if that fails, once more, one item at a time with a savepoint each:
 * a failing item leaves no effect but its dead letter, the rest survives. Linear in the number of items, however many fail.
 */
export class BatchRunner implements PipelineHost, ContextHost {
  readonly taskId: string;
  readonly times: TaskTimes;
  private readonly options: BatchRunnerOptions;
  private readonly handles = new Map<string, KeyValueStore>();
  private handlesOf: Attempt | undefined;
  private readonly intents: SequencedIntent[] = [];
  private wallClock = 0;
  /** Counts batches: continuations of a batch that was abandoned see that it is not theirs. */
  private epoch = 0;
  private running: Attempt | undefined;
  /** What the attempt that runs was made of. */
  private items: readonly WorkItem[] = [];
  private readonly rejections: Rejections;
  private readonly taken: TakenRecords;
  private readonly punctuations: Punctuations;
  /** Undefined: no record waits behind another one. */
  private readonly parked: ParkedKeys | undefined;

  constructor(options: BatchRunnerOptions) {
    this.options = options;
    const { parking } = options.topology;
    const handle: RejectionOptions['handle'] = (store, attempt) => this.storeHandle(store, attempt);
    this.parked = parking === undefined ? undefined : new ParkedKeys({ parking, handle });
    this.taken = new TakenRecords(options);
    this.punctuations = new Punctuations(options.topology.punctuations, options.times);
    this.rejections = new Rejections({
      ...options,
      handle,
      parked: this.parked,
      sourceOf: (topic) => this.taken.sourceOf(topic),
      wallClock: () => this.wallClock,
    });
    this.taskId = options.taskId;
    this.times = options.times;
  }

  /**
   * Runs the items and calls `done` with the completed batch, or `failed` with an error that must stop the application (an error policy `fail`, a bug).
   * Either is called before `run` returns when no stage is asynchronous.
   */
  run(
    items: readonly WorkItem[],
    done: (batch: CompletedBatch) => void,
    failed: (error: unknown) => void,
  ): void {
    const { stores, times } = this.options;
    const epoch = ++this.epoch;
    this.wallClock = this.options.clock.now();
    this.intents.length = 0;
    const before = times.snapshot();
    stores.beginBatch();
    const attempt = new Attempt(new OutputBuffer(this.options.pool));
    this.execute(attempt, items, () => {
      if (epoch !== this.epoch) return;
      if (attempt.failure === undefined) {
        this.finish(attempt, items, done, failed);
        return;
      }
      stores.dropBatch();
      attempt.output.discard();
      times.restore(before);
      this.intents.length = 0;
      if (!isRecordFailure(attempt.failure.error)) {
        failed(attempt.failure.error);
        return;
      }
      this.isolate(items, epoch).then(
        (isolated) => {
          // It may have been abandoned in the very turn in which its last item ended.
          if (isolated === undefined || epoch !== this.epoch) return;
          this.finish(isolated, items, done, failed);
        },
        (error: unknown) => {
          if (epoch === this.epoch) failed(error);
        },
      );
    });
  }

  /** Abandons the batch that is running, if one is: its effects are dropped by the caller (E6). */
  abandon(): void {
    this.epoch++;
    this.running?.end();
    this.running?.output.discard();
    this.running = undefined;
    this.parked?.abandon();
  }

  context(node: StageNode, attempt: Attempt): AttemptContext {
    return new AttemptContext(node.name, node.stores, attempt, this, this.wallClock);
  }

  sourceContext(name: string, stores: readonly string[], attempt: Attempt): AttemptContext {
    return new AttemptContext(name, stores, attempt, this, this.wallClock);
  }

  storeHandle(name: string, attempt: Attempt): KeyValueStore {
    if (this.handlesOf !== attempt) {
      this.handles.clear();
      this.handlesOf = attempt;
    }
    let handle = this.handles.get(name);
    if (handle === undefined) {
      handle = this.options.stores.handle(name, attempt);
      this.handles.set(name, handle);
    }
    return handle;
  }

  deadLetterRecord(record: StreamRecord, stage: string, reason: string, attempt: Attempt): void {
    this.rejections.byStage(record, stage, reason, this.items, attempt);
  }

  issueIntent(stage: string, intent: CallIntent, attempt: Attempt): void {
    const sequence = this.times.nextSequence(stage);
    const journaled = { ...intent, progress: newProgress(this.wallClock) };
    this.options.journals.put(
      this.storeHandle(journalStore(stage), attempt),
      stage,
      sequence,
      journaled,
    );
    this.intents.push({ stage, sequence, intent: journaled });
  }

  /** One attempt over these items; `then` is called when it is settled, failed or not. */
  private execute(attempt: Attempt, items: readonly WorkItem[], then: () => void): void {
    this.running = attempt;
    this.items = items;
    let pipeline: Pipeline | undefined;
    try {
      this.parked?.begin(attempt);
      pipeline = new Pipeline(this.options.topology, this, attempt);
      for (const item of items) {
        this.push(pipeline, item, attempt);
        if (attempt.failure !== undefined) break;
      }
      if (attempt.failure === undefined) pipeline.complete();
    } catch (error) {
      attempt.fail(error);
    }
    if (attempt.settled) {
      attempt.end();
      then();
      return;
    }
    const open = pipeline as Pipeline;
    const cancel = this.options.clock.after(this.options.budgetMs, () => {
      attempt.fail(this.budgetError(open.pending()[0] ?? ''));
    });
    attempt.keep(cancel);
    attempt.whenSettled(() => {
      attempt.end();
      then();
    });
  }

  private push(pipeline: Pipeline, item: WorkItem, attempt: Attempt): void {
    if (item instanceof StreamRecord) {
      this.taken.trace(item, attempt);
      if (this.parked?.any === true && this.hold(item, attempt)) return;
      const refused = timeRefusal(item.time, this.wallClock, this.options.maxFutureMs);
      if (refused === undefined) this.enter(pipeline, item, attempt);
      else this.rejections.refuse(item, refused, attempt);
    } else if (item.kind === 'poison') {
      this.taken.trace(item, attempt);
      if (this.parked?.any === true && this.hold(item, attempt)) return;
      this.rejections.refuse(item, item.error, attempt);
    } else if (item.kind === 'held') {
      this.followUp(pipeline, item, attempt);
    } else if (item.kind === 'tick') {
      this.fire(pipeline, item.punctuation, item.time);
    } else if (item.kind === 'note') {
      const journal = this.storeHandle(journalStore(item.stage), attempt);
      this.options.journals.put(journal, item.stage, item.sequence, item.intent);
    } else {
      this.options.journals.remove(
        this.storeHandle(journalStore(item.stage), attempt),
        item.sequence,
      );
      this.options.callLog.write(item, this.wallClock, attempt.output);
      if (item.result.kind === 'failed') throw item.result.error;
      const { record } = item.intent;
      const reply = new CallReply(record, item.result.kind, item.result);
      pipeline.reply(item.stage, record.withValue(reply));
    }
  }

  /** A record enters the topology. */
  private enter(pipeline: Pipeline, record: StreamRecord, attempt: Attempt): void {
    this.times.observe(record.topic, record.time);
    this.taken.count(record.topic, attempt);
    pipeline.push(record);
    if (this.times.streamTime < this.times.streamDue) return;
    this.punctuations.fireStreamTime((punctuation, time) => this.fire(pipeline, punctuation, time));
  }

  /** Holds a record, if its key is parked. */
  private hold(item: QueueItem, attempt: Attempt): boolean {
    const parked = this.parked as ParkedKeys;
    const { topic, offset } = item;
    if (!parked.covers(topic)) return false;
    const key = this.options.rawKey(topic, offset);
    if (key === null || key === undefined || !parked.mayBeParked(key)) return false;
    const row = parked.of(key, attempt);
    const raw = row === undefined ? undefined : this.options.raw(topic, offset);
    if (row === undefined || raw === undefined) return false;
    parked.hold(row, key, item, raw, attempt);
    const outcomes = attempt.outcomesOf(this.taken.sourceOf(topic));
    outcomes.in++;
    outcomes.parked++;
    attempt.passedOver++;
    return true;
  }

  /** The turn of a record that was held has come, unless one before it has failed in this very batch: then it waits on. */
  private followUp(pipeline: Pipeline, item: HeldItem, attempt: Attempt): void {
    const parked = this.parked as ParkedKeys;
    const { key, taken } = item;
    const row = parked.of(key, attempt);
    if (row === undefined || !isSameFailure(row, item.parked) || row.first !== item.sequence) {
      attempt.passedOver++;
    } else if (taken === undefined) {
      parked.takeOff(key, attempt);
      attempt.passedOver++;
    } else {
      const refused =
        taken instanceof StreamRecord
          ? timeRefusal(taken.time, this.wallClock, this.options.maxFutureMs)
          : taken.error;
      if (refused !== undefined || !(taken instanceof StreamRecord)) {
        this.rejections.refuse(taken, refused, attempt, item);
        return;
      }
      parked.takeOff(key, attempt);
      this.enter(pipeline, taken, attempt);
    }
  }

  private fire(pipeline: Pipeline, punctuation: CompiledPunctuation, time: number): void {
    const { cancel } = this.punctuations.fired(punctuation, time);
    pipeline.tick(punctuation.stage, punctuation.name, { time, cancel });
  }

  /** Runs the items again, one at a time. Undefined when the batch was abandoned meanwhile. */
  private async isolate(items: readonly WorkItem[], epoch: number): Promise<Attempt | undefined> {
    const { stores, times } = this.options;
    const whole = new Attempt(new OutputBuffer(this.options.pool));
    stores.beginBatch();
    for (const item of items) {
      const before = times.snapshot();
      const mark = whole.output.mark();
      const intents = this.intents.length;
      stores.savepoint();
      const part = new Attempt(whole.output);
      await new Promise<void>((resolve) => this.execute(part, [item], resolve));
      if (epoch !== this.epoch) {
        whole.output.discard();
        return undefined;
      }
      if (part.failure === undefined) {
        whole.absorb(part);
        continue;
      }
      if (!isRecordFailure(part.failure.error)) throw part.failure.error;
      stores.rollbackToSavepoint();
      whole.output.rollback(mark);
      times.restore(before);
      this.intents.length = intents;
      if (item instanceof StreamRecord) this.taken.trace(item, whole);
      this.rejections.failed(item, part.failure.error, whole);
    }
    return whole;
  }

  private finish(
    attempt: Attempt,
    items: readonly WorkItem[],
    done: (batch: CompletedBatch) => void,
    failed: (error: unknown) => void,
  ): void {
    this.running = undefined;
    this.items = [];
    try {
      this.options.stores.sweep();
      this.options.stores.commitBatch();
    } catch (error) {
      failed(error);
      return;
    }
    attempt.end();
    done({ attempt, items, intents: this.intents.splice(0) });
  }

  private budgetError(stage: string): ProcessingError {
    return new ProcessingError(
      'STAGE_BUDGET',
      `stage "${stage}" did not complete within its budget of ${this.options.budgetMs} ms; what takes long belongs into a call`,
      { place: { taskId: this.taskId, stage } },
    );
  }
}

/**
 * The class of an error is the reaction to it (design.md 9): bytes that do not decode, and what a stage or a call handler throws, are the record's failure;
 * a broken store, a lost task or a misused handle is not.
 */
function isRecordFailure(error: unknown): boolean {
  if (!isStreamsError(error)) return true;
  return (
    error instanceof SerdeError ||
    (error instanceof ProcessingError && error.code !== 'STAGE_FAILED_FATAL') ||
    error instanceof CallFailure
  );
}
