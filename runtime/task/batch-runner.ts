import { newOutcomes } from '../../processors/outcomes.ts';
import { CallFailure } from '../../processors/call-handler.ts';
import { CallReply } from '../../processors/call-reply.ts';
import type { CallIntent } from '../../processors/stage.ts';
import type { KeyValueStore } from '../../processors/store.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { isStreamsError, ProcessingError, SerdeError } from '../../topology/core/errors.ts';
import { noHeaders, StreamRecord } from '../../topology/core/record.ts';
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
import { nextDue } from './punctuation-schedule.ts';
import { AttemptContext, type ContextHost } from './stage-context.ts';
import type { TaskStores } from './task-stores.ts';
import type { RefusedRows } from './refused-rows.ts';
import { timeRefusal } from './record-refusal.ts';
import { Rejections, type RejectionOptions } from './rejections.ts';
import { punctuationId, type TaskTimes } from './task-times.ts';
import type { QueueItem } from './partition-queue.ts';
import type { WorkItem } from './work-item.ts';

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

  constructor(options: BatchRunnerOptions) {
    this.options = options;
    this.rejections = new Rejections({
      ...options,
      handle: (store, attempt) => this.storeHandle(store, attempt),
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
      const record = item;
      this.trace(record, attempt);
      const refused = timeRefusal(record.time, this.wallClock, this.options.maxFutureMs);
      if (refused !== undefined) {
        this.rejections.refuse(record.topic, record.partition, record.offset, refused, attempt);
        return;
      }
      this.times.observe(record.topic, record.time);
      this.countTaken(record.topic, attempt);
      pipeline.push(record);
      if (this.times.streamTime >= this.times.streamDue) this.fireStreamTime(pipeline);
    } else if (item.kind === 'poison') {
      this.trace(item, attempt);
      this.rejections.refuse(item.topic, item.partition, item.offset, item.error, attempt);
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

  /** Counts a record for its source, unless the source has a stage, which counts itself. */
  private countTaken(topic: string, attempt: Attempt): void {
    if (topic === attempt.latestTopic) {
      const latest = attempt.latestOutcomes;
      latest.in++;
      latest.emitted++;
      latest.out++;
      return;
    }
    let outcomes = attempt.sources.get(topic);
    if (outcomes === undefined) {
      const source = this.options.topology.sources.find((it) => it.node.topics.includes(topic));
      const own = source === undefined || source.stage !== undefined;
      outcomes = own ? newOutcomes() : attempt.outcomesOf(source.node.name);
      attempt.sources.set(topic, outcomes);
    }
    attempt.latestTopic = topic;
    attempt.latestOutcomes = outcomes;
    outcomes.in++;
    outcomes.emitted++;
    outcomes.out++;
  }

  private fireStreamTime(pipeline: Pipeline): void {
    const { streamTime } = this.times;
    for (const punctuation of this.options.topology.punctuations) {
      if (punctuation.by !== 'stream-time') continue;
      const due = this.times.due(punctuationId(punctuation.stage, punctuation.name)) ?? 0;
      if (streamTime >= due) this.fire(pipeline, punctuation, streamTime);
    }
    this.times.streamDue = this.nextStreamDue();
  }

  private nextStreamDue(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const punctuation of this.options.topology.punctuations) {
      if (punctuation.by !== 'stream-time') continue;
      earliest = Math.min(
        earliest,
        this.times.due(punctuationId(punctuation.stage, punctuation.name)) ?? 0,
      );
    }
    return earliest;
  }

  private fire(pipeline: Pipeline, punctuation: CompiledPunctuation, time: number): void {
    const id = punctuationId(punctuation.stage, punctuation.name);
    const due = this.times.due(id) ?? 0;
    this.times.setDue(id, nextDue(due, punctuation.everyMs, time));
    pipeline.tick(punctuation.stage, punctuation.name, {
      time,
      cancel: () => this.times.setDue(id, Number.POSITIVE_INFINITY),
    });
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
      if (item instanceof StreamRecord) this.trace(item, whole);
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

  private trace(taken: QueueItem, attempt: Attempt): void {
    const { trace } = this.options;
    if (trace === undefined) return;
    const { topic, partition, offset, time } = taken;
    attempt.output.appendPair(
      trace,
      0,
      Math.max(0, time),
      Buffer.from(this.taskId),
      Buffer.from(JSON.stringify({ topic, partition, offset })),
      noHeaders,
    );
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
