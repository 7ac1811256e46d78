import { TaskMigratedError } from '../../topology/core/errors.ts';
import type { MemberView, Membership, Transactor } from '../ports.ts';
import type { Task, TaskTransaction } from '../task/task.ts';
import { Assignment } from './assignment.ts';
import { CallDesk } from './call-desk.ts';
import { Committer } from './committer.ts';
import { earliestWake } from './earliest-wake.ts';
import type { EngineParts } from './engine-parts.ts';
import { type EngineState, nextState } from './engine-state.ts';
import { Fetcher } from './fetcher.ts';
import { HaltGuards } from './halt-guard.ts';
import { groupOptions } from './group-options.ts';
import { nextTurn } from './next-turn.ts';
import { Releases } from './releases.ts';
import type { RestoreProgress } from './restore-progress.ts';
import { Restorer } from './restorer.ts';
import { RunTotals } from './run-totals.ts';
import { SchemaLookups } from './schema-lookups.ts';
import { Signal } from './signal.ts';
import type { StandbyLag } from './standby-task.ts';
import { Standbys } from './standbys.ts';
import { wipeCorrupted, wipeDistrusted } from './state-wipes.ts';
import type { TaskFactory } from './task-factory.ts';
import { type RunnableUnit, taskUnits } from './task-units.ts';

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
  readonly units: readonly RunnableUnit[];
  readonly calls: CallDesk;
  readonly committer: Committer;

  private readonly parts: EngineParts;
  private readonly signal = new Signal();
  private readonly fetcher: Fetcher;
  private readonly factory: TaskFactory;
  private readonly halts: HaltGuards;
  private readonly lookups: SchemaLookups;
  private readonly releases: Releases;
  private readonly restorer: Restorer;
  private readonly standbys: Standbys;
  private readonly assignment: Assignment;
  readonly totals = new RunTotals();
  private membership: Membership | undefined;
  private transactor: Transactor | undefined;
  private turn = 0;
  private closing: Promise<void> | undefined;

  constructor(parts: EngineParts) {
    this.parts = parts;
    const { clock, log, state, options } = parts;
    const wake = (): void => {
      this.assignment.wake();
      this.signal.notify();
    };
    const fail = (error: unknown): void => this.fail(error);
    const probe = parts.probe ?? (() => {});
    this.units = taskUnits(parts.topologies, parts.partitionsOf);
    this.halts = new HaltGuards(parts.plan);
    this.factory = parts.factory({
      wake,
      recordFailed: (failure) => this.halts.failed(failure),
    });
    this.fetcher = new Fetcher(log, options.fetchBytes, { wake, fail });
    this.lookups = new SchemaLookups({
      cache: parts.cache,
      clock,
      waiters: () => [...this.tasks.flatMap((it) => it.schemaWaiters), ...parts.globals.queues],
      wake,
      report: parts.report,
    });
    this.releases = new Releases({ ...parts, tasks: () => this.tasks, wake, failed: fail });
    this.calls = new CallDesk({
      ...parts,
      failed: fail,
      ...options,
      probe: (point) => this.guarded(() => probe(point)),
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
      aborted: (transactions) => this.rewind(transactions),
      committed: (transactions) => this.calls.committed(transactions),
    });
    const { factory } = this;
    this.restorer = new Restorer({
      factory,
      clock,
      report: parts.report,
      restored: (unit, task) => this.opened(unit, task),
      failed: fail,
    });
    this.standbys = new Standbys({
      factory,
      log,
      clock,
      group: parts.plan.application,
      failed: fail,
    });
    this.assignment = new Assignment({
      units: this.units,
      clock,
      restorer: this.restorer,
      standbys: this.standbys,
      retiring: (task) => this.calls.closeTask(task),
      drain: async (tasks) => {
        if (this.state === 'running') await this.committer.drain(tasks, this.tasks);
      },
      changed: (tasks, gone) => {
        for (const task of gone) this.totals.closed(task);
        this.fetcher.assign(tasks.flatMap((task) => [...task.queues]));
      },
      failed: fail,
    });
  }

  /** Tasks that run on this member. */
  get tasks(): readonly Task[] {
    return this.assignment.tasks;
  }

  /** Tasks that are restored at present, and how far they are. */
  get restoring(): readonly RestoreProgress[] {
    return this.restorer.progress;
  }

  /** The tasks whose stores are kept warm beside another member's. */
  get standbyTasks(): readonly RunnableUnit[] {
    return this.standbys.units;
  }

  /** How far a standby's copy of a store is behind; undefined: it is none, or not open yet. */
  standbyLag(task: string, store: string): StandbyLag | undefined {
    return this.standbys.lag(task, store);
  }

  /** All members of the group as of the last assignment, where the log tells. */
  get members(): readonly MemberView[] {
    return this.assignment.view;
  }

  /** Committed counters, node by node, of what this engine has done itself. */
  outcomes(): ReturnType<RunTotals['totals']> {
    return this.totals.totals();
  }

  /**
   * Joins the group, and is ready to {@link Engine.step}: the tasks that it is given are restored beside that.
   * @throws {ConfigError} when the application has an owner already, or topics do not fit
   */
  async start(): Promise<void> {
    this.transitionTo('starting');
    try {
      const { log, slot, globals, state, report } = this.parts;
      this.transactor = await log.transactor(slot);
      await wipeDistrusted(log, state, this.units, report);
      const fail = (error: unknown): void => this.fail(error);
      await this.calls.start();
      await this.releases.start();
      await globals.start({ wake: () => this.signal.notify(), fail });
      const options = await groupOptions(this.parts, this.units);
      this.membership = await log.join(options, this.assignment);
      this.committer.start(this.transactor, this.membership);
      // A restore may have failed while the group was joined.
      if (this.failed) throw this.failure;
      this.transitionTo('running');
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /**
   * Resolves when it is known where each task that it has been given goes on reading.
   * @throws {ConfigError} POSITION_NONE, POSITION_BELOW_START where one cannot, and whatever else made the engine fail
   */
  async located(): Promise<void> {
    await this.restorer.located();
    if (this.failed) throw this.failure;
  }

  /** Resolves when no task is being restored. @throws what made the engine fail */
  async restored(): Promise<void> {
    await this.restorer.settled();
    if (this.failed) throw this.failure;
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
      if (this.assignment.isRetiring(task)) continue;
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
    await this.signal.waitUntil(this.nextWakeMs(), this.parts.clock);
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
      this.restorer.busy ||
      this.parts.globals.busy ||
      this.calls.busy ||
      this.releases.busy ||
      (this.parts.globals.hasArrived && this.betweenBatches)
    );
  }

  /** True when every input position equals what is known of the log's end, everything is committed, and no call is open. */
  get quiet(): boolean {
    return (
      this.state === 'running' &&
      !this.fetcher.busy &&
      this.committer.inCommit === undefined &&
      !this.restorer.busy &&
      this.calls.outstanding === 0 &&
      this.tasks.every((task) => task.quiet)
    );
  }

  /** Commits what is completed, drops what is not, leaves the group: also where the log is away. Safe to call at any time, also after a failure. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    if (this.state === 'closed') return;
    if (this.state === 'created') return this.transitionTo('closed');
    if (this.state === 'running') await this.calls.leave();
    // It may have failed meanwhile.
    if (this.state === 'running') await this.committer.finish(this.tasks);
    this.transitionTo('closing');
    this.fetcher.close();
    this.lookups.close();
    this.calls.close();
    this.releases.close();
    await this.committer.finish([]).catch(() => {});
    this.committer.stop();
    const { tasks } = this;
    await this.assignment.close();
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
    this.releases.close();
    void this.assignment.close();
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

  private opened(unit: RunnableUnit, task: Task): void {
    this.totals.opened(task);
    this.assignment.add(unit, task);
    this.releases.opened(task);
    this.calls.open(task, (stage) => this.factory.journaled(task, stage));
    this.signal.notify();
  }

  /** The transaction in commit was aborted: everything its tasks built on it goes, their inputs rewind (E2). */
  private rewind(transactions: readonly TaskTransaction[]): void {
    for (const { task } of transactions) if (task.state !== 'closed') task.abort();
    this.fetcher.rewound();
  }

  private fail(error: unknown): void {
    if (this.state !== 'running' && this.state !== 'starting') return;
    this.failure = error;
    this.transitionTo('failed');
    // Others may have its tasks by now: no call of theirs is issued any more, and no query is answered (E6).
    if (error instanceof TaskMigratedError) {
      this.calls.close();
      void this.assignment.close();
    }
    this.signal.notify();
  }

  /** What throws ends the engine, at its next step at the latest: a request and its reply come in nobody's turn. */
  private guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(error);
    }
  }

  private observeFailures(): void {
    let records = 0;
    for (const task of this.tasks) records += task.takeObserved();
    this.guarded(() => this.halts.observe(records, this.parts.clock.monotonic()));
  }

  /** Wall-clock time at which a punctuation, or the end of waiting for a partition, is due; undefined: none. */
  nextWakeMs(): number | undefined {
    return earliestWake(this.tasks);
  }

  private transitionTo(state: EngineState): void {
    this.state = nextState(this.state, state);
  }
}
