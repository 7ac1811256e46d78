import { IllegalStateError } from '../../topology/core/errors.ts';
import { StreamRecord } from '../../topology/core/record.ts';
import type { Append, Position } from '../ports.ts';
import type { RecordFailure } from './attempt.ts';
import { BatchRunner, type CompletedBatch, type SequencedIntent } from './batch-runner.ts';
import type { CompiledSubTopology } from './compiled.ts';
import { OutputBuffer } from './output-buffer.ts';
import type { HeldRecords } from './parking/held-records.ts';
import type { BuilderPool } from './output-buffer.ts';
import { PartitionGroup } from './partition-group.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { Punctuations } from './punctuations.ts';
import { encodeControl, OutcomeTotals, type TaskControl } from './task-control.ts';
import type { TaskStores } from './task-stores.ts';
import type { Release } from './release.ts';
import type { SchemaWaiter } from './schema-waiter.ts';
import type { TaskTimes } from './task-times.ts';
import type { CallItem, WorkItem } from './work-item.ts';

/** What a row that waits for a transaction takes, about, bytes. */
const rowBytes = 128;

/** What a task contributes to a transaction (E1): everything of its completed batches. */
export interface TaskTransaction {
  readonly task: Task;
  /** Outputs of its batches, in order; then changelogs; then its control record. */
  readonly appends: readonly Append[];
  /** Positions of all its input partitions, moved or not (E3). */
  readonly positions: readonly Position[];
  readonly control: TaskControl;
  readonly intents: readonly SequencedIntent[];
  /** What its calls put into its batches. */
  readonly callItems: readonly CallItem[];
}

export interface TaskOptions {
  readonly id: string;
  readonly partition: number;
  readonly topology: CompiledSubTopology;
  readonly queues: readonly PartitionQueue[];
  readonly times: TaskTimes;
  readonly stores: TaskStores;
  readonly runner: BatchRunner;
  /** Undefined: none of its records waits behind another one. */
  readonly held: HeldRecords | undefined;
  readonly pool: BuilderPool;
  readonly controlTopic: string;
  readonly controlPartition: number;
  readonly maxTaskIdleMs: number;
  /** Most items in one batch. */
  readonly batchRecords: () => number;
  /** Last committed control record; undefined: none yet. */
  readonly control: TaskControl | undefined;
  /** Source topic → its identity, where the log tells: what {@link TaskControl.topicIds} says from now on. */
  readonly topicIds: Readonly<Record<string, string>>;
  /** Told of the error policy of each record that a completed batch sent to dead letters. */
  readonly recordFailed: (failure: RecordFailure) => void;
  /** Called when a batch that was pending is over: the engine looks at the task again. */
  readonly wake: () => void;
}

/**
 * One sub-topology on one partition number, with one owner (design.md 4).
 *
 * ```
 *            begin            over
 *   READY ─────────▶ BUSY ──────────▶ READY          a batch at a time
 *     │                │ fatal
 *     └──── close ─────┴────▶ CLOSED / FAILED
 * ```
 * Completed batches wait for {@link Task.seal}, which makes them part of a transaction; {@link Task.committed} and {@link Task.abort} say how that ended.
 */
export class Task {
  readonly id: string;
  readonly partition: number;
  readonly topology: CompiledSubTopology;
  readonly queues: readonly PartitionQueue[];
  readonly stores: TaskStores;
  state: 'ready' | 'busy' | 'failed' | 'closed' = 'ready';
  /** Set when the state is `failed`. */
  failure: unknown;
  /** Records of completed batches that stages got since {@link Task.takeObserved}. */
  private observed = 0;

  private readonly options: TaskOptions;
  private readonly group: PartitionGroup<PartitionQueue>;
  private readonly punctuations: Punctuations;
  private readonly callItems: CallItem[] = [];
  private completed: { batch: CompletedBatch; appends: Append[] }[] = [];
  /** Positions after the last completed batch, by queue. */
  private readonly completedPositions: number[];
  private committedPositions: number[];
  private totals: OutcomeTotals;
  private committedControl: TaskControl;
  private inCommit: TaskTransaction | undefined;
  private running: readonly WorkItem[] = [];
  private completedBytes = 0;
  /** Calls that its batches journaled, and that are not issued, as no commit of them is known yet. */
  journaledCalls = 0;
  /** The last batch was one of punctuations. */
  private ticked = false;

  constructor(options: TaskOptions, nowMs: number) {
    this.options = options;
    this.id = options.id;
    this.partition = options.partition;
    this.topology = options.topology;
    this.queues = options.queues;
    this.stores = options.stores;
    this.group = new PartitionGroup(options.queues, options.maxTaskIdleMs);
    this.completedPositions = options.queues.map((queue) => queue.position);
    this.committedPositions = [...this.completedPositions];
    if (options.control !== undefined) options.times.restore(options.control.times);
    this.totals = OutcomeTotals.of(options.control?.outcomes ?? {});
    this.punctuations = new Punctuations(options.topology.punctuations, options.times);
    this.punctuations.begin(nowMs);
    this.committedControl = this.controlNow();
  }

  /** A reply to one of its calls, or a note of it, to enter a batch of its own. */
  addCallItem(item: CallItem): void {
    this.callItems.push(item);
  }

  /** A person decided about a key that it may have parked. */
  release(note: Release): void {
    this.options.held?.release(note);
  }

  /** Inputs, and released keys, whose next record may wait for a schema. */
  get schemaWaiters(): readonly SchemaWaiter[] {
    const { held } = this.options;
    return held === undefined ? this.queues : [...this.queues, ...held.waiters];
  }

  /** Records that went into its stages since the last call, for the share of failures. */
  takeObserved(): number {
    const observed = this.observed;
    this.observed = 0;
    return observed;
  }

  get hasCompleted(): boolean {
    return this.completed.length > 0;
  }

  /** About how many bytes wait for a transaction: outputs, and rows of stores. */
  get uncommittedBytes(): number {
    return this.completedBytes + this.stores.dirtyRows * rowBytes;
  }

  /** True when nothing is left to do with what the log has: inputs taken, nothing running, nothing uncommitted. */
  get quiet(): boolean {
    return (
      this.state === 'ready' &&
      this.callItems.length === 0 &&
      this.options.held?.releasing !== true &&
      !this.hasCompleted &&
      this.inCommit === undefined &&
      this.queues.every((queue) => queue.caughtUp)
    );
  }

  /** Wall-clock time of the next punctuation, or of the end of waiting for an empty partition; undefined: none, or a batch is running, whose end wakes the engine. */
  nextWakeMs(): number | undefined {
    if (this.state !== 'ready') return undefined;
    const idle = this.group.idleUntil();
    const due = this.punctuations.nextWakeMs();
    return idle === undefined || due === undefined ? (idle ?? due) : Math.min(idle, due);
  }

  /** Runs one batch if there is something to do: replies first, then records whose keys were released, then due punctuations and records in turn. True if it did. */
  work(nowMs: number): boolean {
    if (this.state !== 'ready') return false;
    let items: readonly WorkItem[] | undefined;
    try {
      items = this.takeCallItems() ?? this.takeHeld() ?? this.takeTurn(nowMs);
    } catch (error) {
      this.state = 'failed';
      this.failure = error;
    }
    if (items === undefined) return false;
    this.begin(items);
    return true;
  }

  /** Runs batches of all that its calls have to say, as far as they complete at once: nothing more will come. */
  takeInCalls(): void {
    while (this.state === 'ready') {
      const items = this.takeCallItems();
      if (items === undefined) return;
      this.begin(items);
    }
  }

  /**
   * Everything completed so far as one contribution to a transaction; undefined when there is nothing.
   * @throws {IllegalStateError} TASK_IN_COMMIT when its last one has not ended: at most one transaction is in commit (E2)
   */
  seal(): TaskTransaction | undefined {
    if (this.completed.length === 0) return undefined;
    if (this.inCommit !== undefined) {
      throw new IllegalStateError('TASK_IN_COMMIT', `task ${this.id} is in a commit already`);
    }
    const appends: Append[] = [];
    const intents: SequencedIntent[] = [];
    const callItems: CallItem[] = [];
    for (const { batch, appends: outputs } of this.completed) {
      appends.push(...outputs);
      intents.push(...batch.intents);
      for (const item of batch.items) if (isCallItem(item)) callItems.push(item);
    }
    this.options.held?.sealed();
    const own = new OutputBuffer(this.options.pool);
    this.stores.seal(own);
    const control = this.sealedControl as TaskControl;
    own.appendPair(
      this.options.controlTopic,
      this.options.controlPartition,
      Math.max(0, control.times.streamTime),
      Buffer.from(this.id),
      encodeControl(control),
      [],
    );
    appends.push(...own.seal());
    const positions = this.queues.map((queue, i) => ({
      topic: queue.topic,
      partition: queue.partition,
      offset: this.completedPositions[i] as number,
    }));
    this.inCommit = {
      task: this,
      appends,
      positions,
      control,
      intents,
      callItems,
    };
    this.completed = [];
    this.completedBytes = 0;
    return this.inCommit;
  }

  /** The sealed transaction is committed and on disk (E4): what comes next builds on it. */
  committed(): void {
    const transaction = this.inCommit as TaskTransaction;
    this.inCommit = undefined;
    this.journaledCalls -= transaction.intents.length;
    this.committedControl = transaction.control;
    this.committedPositions = transaction.positions.map((position) => position.offset);
    this.stores.applied();
    this.options.held?.committed();
  }

  /**
   * Drops everything that is not committed: the transaction in commit, what was completed or is running on top of it. Inputs rewind (E2), replies that were
   * taken are due again.
   */
  abort(): void {
    this.options.runner.abandon();
    const taken = [
      ...(this.inCommit?.callItems ?? []),
      ...this.completed.flatMap(({ batch }) => batch.items),
      ...this.running,
    ].filter(isCallItem);
    this.callItems.unshift(...taken);
    this.inCommit = undefined;
    this.completed = [];
    this.completedBytes = 0;
    this.journaledCalls = 0;
    this.running = [];
    this.stores.dropUncommitted();
    this.options.held?.aborted();
    this.options.times.restore(this.committedControl.times);
    this.totals = OutcomeTotals.of(this.committedControl.outcomes);
    this.queues.forEach((queue, i) => {
      queue.reset(this.committedPositions[i] as number);
      this.completedPositions[i] = this.committedPositions[i] as number;
    });
    if (this.state === 'busy') this.state = 'ready';
  }

  /** Drops what is not committed and takes no more work (E6). */
  close(): void {
    if (this.state === 'closed') return;
    this.abort();
    this.stores.close();
    this.state = 'closed';
  }

  /** Counters and times as of the last commit. */
  get control(): TaskControl {
    return this.committedControl;
  }

  private sealedControl: TaskControl | undefined;

  private begin(items: readonly WorkItem[]): void {
    this.state = 'busy';
    this.running = items;
    let returned = false;
    this.options.runner.run(
      items,
      (batch) => {
        this.complete(batch);
        if (returned) this.options.wake();
      },
      (error) => {
        this.state = 'failed';
        this.failure = error;
        if (returned) this.options.wake();
      },
    );
    returned = true;
  }

  private complete(batch: CompletedBatch): void {
    this.state = 'ready';
    this.running = [];
    const appends = batch.attempt.output.seal();
    this.completed.push({ batch, appends });
    for (const { batch: bytes } of appends) this.completedBytes += bytes.length;
    this.journaledCalls += batch.intents.length;
    this.totals.add(batch.attempt.outcomes);
    this.queues.forEach((queue, i) => {
      queue.settlePosition();
      this.completedPositions[i] = queue.position;
      queue.release();
    });
    for (const item of batch.items) {
      if (item instanceof StreamRecord || item.kind === 'poison' || item.kind === 'held') {
        this.observed++;
      }
    }
    this.observed -= batch.attempt.passedOver;
    for (const failure of batch.attempt.failedUnder) this.options.recordFailed(failure);
    this.sealedControl = this.controlNow();
  }

  private controlNow(): TaskControl {
    const positions: Record<string, number> = {};
    this.queues.forEach((queue, i) => {
      positions[queue.topic] = this.completedPositions[i] as number;
    });
    const { times, topicIds } = this.options;
    return { times: times.snapshot(), positions, topicIds, outcomes: this.totals.toJSON() };
  }

  private takeCallItems(): WorkItem[] | undefined {
    if (this.callItems.length === 0) return undefined;
    return this.callItems.splice(0, this.options.batchRecords());
  }

  private takeHeld(): readonly WorkItem[] | undefined {
    const { held } = this.options;
    if (held?.releasing !== true) return undefined;
    const { queues } = this;
    return held.take(
      this.options.batchRecords(),
      (topic) => queues.find((queue) => queue.topic === topic)?.paused === true,
    );
  }

  /** Due punctuations, unless they had the last turn and there are records: one that takes longer than its interval is always due. */
  private takeTurn(nowMs: number): readonly WorkItem[] | undefined {
    const ticks = this.punctuations.ticks(nowMs);
    const records = ticks === undefined || this.ticked ? this.takeRecords(nowMs) : undefined;
    const items = records ?? ticks;
    if (items !== undefined) this.ticked = records === undefined;
    return items;
  }

  private takeRecords(nowMs: number): WorkItem[] | undefined {
    if (!this.group.ready(nowMs)) return undefined;
    const most = Math.min(this.options.batchRecords(), this.room());
    if (most === 0) return undefined;
    const items: WorkItem[] = [];
    for (let queue = this.group.next(); queue !== undefined; queue = this.group.next()) {
      items.push(queue.take());
      if (items.length >= most) break;
      // Whether the task may go on changes only when a partition has run empty.
      if (queue.headTime() === undefined && !this.group.ready(nowMs)) break;
    }
    return items.length === 0 ? undefined : items;
  }

  /** Most records that it may take now. */
  private room(): number {
    const { held } = this.options;
    if (held === undefined) return Number.POSITIVE_INFINITY;
    return held.room(!this.hasCompleted && this.inCommit === undefined);
  }
}

function isCallItem(item: WorkItem): item is CallItem {
  return !(item instanceof StreamRecord) && (item.kind === 'reply' || item.kind === 'note');
}
