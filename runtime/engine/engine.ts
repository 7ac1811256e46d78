import type { CallHandler } from '../../processors/call-handler.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { IllegalStateError } from '../../topology/core/errors.ts';
import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { Log, Membership, StateBackend, Transactor } from '../ports.ts';
import type { RecordFailure } from '../task/attempt.ts';
import type { CompiledSubTopology } from '../task/compiled.ts';
import type { Task } from '../task/task.ts';
import { CallDesk } from './call-desk.ts';
import { Committer, type CrashPoint } from './committer.ts';
import type { CompiledEngineOptions } from './engine-options.ts';
import { Fetcher } from './fetcher.ts';
import type { GlobalTables } from './global-tables.ts';
import { HaltGuards } from './halt-guard.ts';
import { wipeCorrupted } from './restore.ts';
import type { SchemaCache } from './schema-cache.ts';
import { SchemaLookups } from './schema-lookups.ts';
import { Signal } from './signal.ts';
import type { TaskFactory } from './task-factory.ts';

export interface EngineParts {
  readonly plan: Plan;
  readonly topologies: readonly CompiledSubTopology[];
  readonly log: Log;
  readonly state: StateBackend;
  readonly clock: Clock;
  readonly options: CompiledEngineOptions;
  readonly cache: SchemaCache;
  readonly globals: GlobalTables;
  readonly handler: (call: string) => CallHandler;
  readonly isReply: (call: string) => (reply: unknown) => boolean;
  readonly laneKey: (key: unknown) => unknown;
  readonly random: () => number;
  /** Stable identity of this member, kept in the data folder. */
  readonly slot: string;
  /** Makes tasks; gets the engine's callbacks. */
  readonly factory: (callbacks: TaskCallbacks) => TaskFactory;
  /** Crash points (tests). @defaultValue none */
  readonly probe?: (point: CrashPoint) => void;
}

export interface TaskCallbacks {
  readonly wake: () => void;
  /** A completed batch sent a record to the dead letters, under this policy. */
  readonly recordFailed: (failure: RecordFailure) => void;
}

/**
 * States of an engine, and what leads from one to the next:
 *
 * ```
 *  CREATED ──start──▶ STARTING ──▶ RUNNING ──close──▶ CLOSING ──▶ CLOSED
 *                        │            │
 *                        └── error ───┴──▶ FAILED ──close──▶ CLOSED
 * ```
 */
export type EngineState = 'created' | 'starting' | 'running' | 'failed' | 'closing' | 'closed';

const transitions: Readonly<Record<EngineState, readonly EngineState[]>> = {
  created: ['starting', 'closed'],
  starting: ['running', 'failed', 'closing'],
  running: ['failed', 'closing'],
  failed: ['closing'],
  closing: ['closed'],
  closed: [],
};

/**
 * One member of an application: owns tasks, feeds them, commits their batches, issues their calls. All of it in one thread; every public method returns with
 * the engine consistent.
 *
 * {@link Engine.step} does one round without waiting; {@link Engine.run} steps until it is closed or fails. The test driver steps by itself, on a virtual clock.
 */
export class Engine {
  state: EngineState = 'created';
  /** Why the state is `failed`. */
  failure: unknown;
  tasks: readonly Task[] = [];
  readonly calls: CallDesk;
  readonly committer: Committer;

  private readonly parts: EngineParts;
  private readonly signal = new Signal();
  private readonly fetcher: Fetcher;
  private readonly factory: TaskFactory;
  private readonly halts: HaltGuards;
  private readonly lookups: SchemaLookups;
  private membership: Membership | undefined;
  private transactor: Transactor | undefined;
  private cancelWake: (() => void) | undefined;
  private turn = 0;
  private closing: Promise<void> | undefined;

  constructor(parts: EngineParts) {
    this.parts = parts;
    const { clock, log, state, options } = parts;
    const wake = (): void => this.signal.notify();
    const fail = (error: unknown): void => this.fail(error);
    const probe = parts.probe ?? (() => {});
    this.halts = new HaltGuards(parts.plan);
    this.factory = parts.factory({
      wake,
      recordFailed: (failure) => this.halts.failed(failure),
    });
    this.fetcher = new Fetcher(log, options.fetchBytes, { wake, fail });
    this.lookups = new SchemaLookups({
      cache: parts.cache,
      clock,
      queues: () => [...this.tasks.flatMap((task) => task.queues), ...parts.globals.queues],
      wake,
    });
    this.calls = new CallDesk({
      clock,
      random: parts.random,
      handler: parts.handler,
      isReply: parts.isReply,
      laneKey: parts.laneKey,
      maxOpenCalls: options.maxOpenCalls,
      probe: (point) => this.probeCall(point),
      wake,
    });
    this.committer = new Committer({
      log,
      state,
      clock,
      options,
      probe,
      wake,
      failed: fail,
      aborted: () => this.rewind(),
      committed: (transactions) => this.calls.committed(transactions),
    });
  }

  /**
   * Joins the group, restores the tasks that it is given, and is ready to {@link Engine.step}.
   * @throws {ConfigError} when the application has an owner already, or topics do not fit
   */
  async start(): Promise<void> {
    this.transitionTo('starting');
    try {
      const { log, plan, slot, topologies, globals } = this.parts;
      this.transactor = await log.transactor(slot);
      await globals.start({
        wake: () => this.signal.notify(),
        fail: (error) => this.fail(error),
      });
      const topics = [...new Set(topologies.flatMap((it) => sourceTopics(it)))];
      this.membership = await log.join(
        { group: plan.application, topics, slot },
        {
          assigned: (partitions) => this.assigned(partitions),
          revoked: () => this.revoked(),
          lost: async () => this.dropAll(),
        },
      );
      this.committer.start(this.transactor, this.membership);
      this.transitionTo('running');
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /**
   * One round: a batch for every task that has work, then a commit and a fetch if they are due. Never waits. True if a task worked.
   * @throws what made the engine fail
   */
  step(): boolean {
    if (this.state === 'failed') throw this.failure;
    if (this.state !== 'running') return false;
    const now = this.parts.clock.now();
    if (this.betweenBatches) this.parts.globals.advance();
    const worked = !this.committer.saturated(this.tasks) && this.work(now);
    this.turn++;
    this.observeFailures();
    if (this.failed) throw this.failure;
    if (worked) this.parts.probe?.('batch.completed');
    this.lookups.step();
    // A fetch under way may bring more for this transaction: the input is not dry yet.
    this.committer.step(this.tasks, !worked && !this.fetcher.busy);
    this.fetcher.step();
    return worked;
  }

  private work(nowMs: number): boolean {
    let worked = false;
    // Rows of global tables come in between batches only; a task that always has one would keep them out.
    const held = !this.betweenBatches && this.parts.globals.overdue(this.parts.clock.monotonic());
    // Round robin: no task is first for ever.
    for (let i = 0; i < this.tasks.length; i++) {
      const task = this.tasks[(this.turn + i) % this.tasks.length] as Task;
      if (held && task.topology.readsGlobals) continue;
      this.calls.pause(task);
      if (task.work(nowMs)) worked = true;
      if (task.state === 'failed') this.fail(task.failure);
    }
    return worked;
  }

  /** Steps until `signal` aborts, then returns; what is uncommitted stays so until {@link Engine.close}. */
  async run(signal: AbortSignal): Promise<void> {
    const abort = (): void => this.signal.notify();
    signal.addEventListener('abort', abort);
    try {
      while (!signal.aborted && this.state === 'running') {
        // A turn of the event loop between rounds: commits, replies and signals get theirs.
        if (this.step()) await nextTurn();
        else await this.idle();
      }
      if (this.failed) throw this.failure;
    } catch (error) {
      // A bug that broke a step must not look like an end in order.
      this.fail(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Resolves when something happened that may give work: records, a reply, the end of a commit or of a batch, a due time. */
  async idle(): Promise<void> {
    const next = this.nextWakeMs();
    if (next !== undefined) {
      const delay = Math.max(0, next - this.parts.clock.now());
      this.cancelWake = this.parts.clock.after(delay, () => this.signal.notify());
    }
    await this.signal.wait();
    this.cancelWake?.();
    this.cancelWake = undefined;
  }

  /** True when something is under way that will end by itself, without the clock: a fetch, a commit, a batch, a request, a look-up. */
  get pending(): boolean {
    return (
      this.pendingInside ||
      this.calls.inFlight > 0 ||
      this.tasks.some((task) => task.state === 'busy')
    );
  }

  /** {@link pending}, without what the application's own code has to end: requests and asynchronous stages. */
  get pendingInside(): boolean {
    return (
      this.fetcher.busy ||
      this.committer.inCommit !== undefined ||
      this.lookups.busy ||
      this.parts.globals.busy ||
      (this.parts.globals.hasArrived && this.betweenBatches)
    );
  }

  /** True when every input position equals what is known of the log's end, everything is committed, and no call is open. */
  get quiet(): boolean {
    return (
      this.state === 'running' &&
      !this.fetcher.busy &&
      this.committer.inCommit === undefined &&
      this.calls.outstanding === 0 &&
      this.tasks.every((task) => task.quiet)
    );
  }

  /** Commits what is completed, drops what is not, leaves the group. Safe to call at any time, also after a failure. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    if (this.state === 'closed') return;
    if (this.state === 'created') {
      this.transitionTo('closed');
      return;
    }
    const healthy = this.state === 'running';
    if (healthy) await this.committer.flush(this.tasks);
    this.transitionTo('closing');
    this.fetcher.close();
    this.lookups.close();
    this.calls.close();
    await this.committer.inCommit?.catch(() => {});
    this.committer.stop();
    const { tasks } = this;
    this.dropAll();
    this.parts.globals.close();
    try {
      await wipeCorrupted(this.parts.state, tasks);
      await this.membership?.leave();
    } finally {
      await this.transactor?.close();
    }
    this.transitionTo('closed');
    this.signal.notify();
  }

  /** Ends as a crash would: nothing is committed, nothing is said to anybody (tests). */
  kill(): void {
    this.committer.stop();
    this.fetcher.close();
    this.lookups.close();
    this.calls.close();
    for (const task of this.tasks) task.close();
    this.parts.globals.close();
    this.state = 'closed';
  }

  /** No task that reads a global table is inside a batch (E7). */
  private get betweenBatches(): boolean {
    return this.tasks.every((task) => task.state !== 'busy' || !task.topology.readsGlobals);
  }

  private get failed(): boolean {
    return this.state === 'failed';
  }

  private async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    this.tasks = await this.factory.create(this.parts.topologies, partitions);
    this.fetcher.assign(this.tasks.flatMap((task) => [...task.queues]));
    for (const task of this.tasks) {
      this.calls.open(task, (stage) => this.factory.journaled(task, stage));
    }
  }

  private async revoked(): Promise<void> {
    if (this.state === 'running') await this.committer.flush(this.tasks);
    this.dropAll();
  }

  private dropAll(): void {
    for (const task of this.tasks) task.close();
    this.tasks = [];
    this.fetcher.assign([]);
  }

  /** The transaction in commit was aborted: everything built on it goes, inputs rewind (E2). */
  private rewind(): void {
    for (const task of this.tasks) task.abort();
    this.fetcher.rewound();
  }

  private fail(error: unknown): void {
    if (this.state !== 'running' && this.state !== 'starting') return;
    this.failure = error;
    this.transitionTo('failed');
    this.signal.notify();
  }

  /** A request and its reply come in nobody's turn: what a crash point throws there ends the engine at its next step. */
  private probeCall(point: CrashPoint): void {
    try {
      this.parts.probe?.(point);
    } catch (error) {
      this.fail(error);
    }
  }

  private observeFailures(): void {
    let records = 0;
    for (const task of this.tasks) records += task.takeObserved();
    try {
      this.halts.observe(records, this.parts.clock.monotonic());
    } catch (error) {
      this.fail(error);
    }
  }

  /** Wall-clock time at which a punctuation, or the end of waiting for a partition, is due; undefined: none. */
  nextWakeMs(): number | undefined {
    let next: number | undefined;
    for (const task of this.tasks) {
      const due = task.nextWakeMs();
      if (due !== undefined && (next === undefined || due < next)) next = due;
    }
    return next;
  }

  private transitionTo(state: EngineState): void {
    if (!transitions[this.state].includes(state)) {
      throw new IllegalStateError(
        'ENGINE_STATE',
        `an engine cannot go from ${this.state} to ${state}`,
      );
    }
    this.state = state;
  }
}

function sourceTopics(topology: CompiledSubTopology): readonly string[] {
  return topology.sources.flatMap((source) => [...source.node.topics]);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
