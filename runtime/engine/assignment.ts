import type { Clock } from '../../topology/core/clock.ts';
import { partitionId, type TopicPartition } from '../../topology/core/topic-partition.ts';
import type { MemberView, Ownership } from '../ports.ts';
import type { Task } from '../task/task.ts';
import type { Restorer } from './restorer.ts';
import type { Standbys } from './standbys.ts';
import { ownsInputs, type RunnableUnit } from './task-units.ts';

/** How long a revoked task's running batch may go on: longer would hold up the group for one slow stage; what is dropped is read again by the next owner. ms. */
const drainMs = 1000;

export interface AssignmentOptions {
  readonly units: readonly RunnableUnit[];
  readonly clock: Clock;
  readonly restorer: Restorer;
  readonly standbys: Standbys;
  /** Takes no more work for the task and lets go of its calls: it is about to be closed. */
  readonly retiring: (task: Task) => void;
  /** Commits what these tasks completed; resolves when nothing of them is in commit. */
  readonly drain: (tasks: readonly Task[]) => Promise<void>;
  /** The tasks are others now; those that are gone are closed. */
  readonly changed: (tasks: readonly Task[], gone: readonly Task[]) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The tasks of a member under an assignment that changes: what comes is restored beside the running ones, what goes is committed and closed, the others go on.
 *
 * ```
 *            assigned                restored
 *  (other's) ───────▶ restoring ────────────────▶ running
 *      ▲                  │ revoked, lost            │ revoked: drain, commit      lost: drop (E6)
 *      └──────────────────┴──────────────────────────┘   its stores stay on disk, for a standby or the next time
 * ```
 */
export class Assignment implements Ownership {
  /** Tasks that run, in order of the units. */
  tasks: readonly Task[] = [];
  /** All members as of the last assignment. */
  view: readonly MemberView[] = [];
  private readonly options: AssignmentOptions;
  private readonly owned = new Set<string>();
  private readonly retiring = new Set<Task>();
  private watchers: (() => void)[] = [];
  private closed = false;

  constructor(options: AssignmentOptions) {
    this.options = options;
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    if (this.closed) return;
    for (const { topic, partition } of partitions) this.owned.add(partitionId(topic, partition));
    const { units, restorer, standbys } = this.options;
    const running = new Set(this.tasks.map(({ id }) => id));
    for (const unit of units) {
      if (running.has(unit.id) || restorer.has(unit.id) || !ownsInputs(unit, this.owned)) continue;
      restorer.start(unit, standbys.release([unit.id]));
    }
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { restorer, drain } = this.options;
    const { ids, tasks } = this.disown(partitions);
    const stopped = restorer.stop(ids);
    if (tasks.length > 0) {
      for (const task of tasks) this.retire(task);
      await this.idle(tasks);
      await drain(tasks);
      this.drop(tasks);
    }
    await stopped;
  }

  async lost(partitions: readonly TopicPartition[]): Promise<void> {
    const { ids, tasks } = this.disown(partitions);
    for (const task of tasks) this.retire(task);
    this.drop(tasks);
    await this.options.restorer.stop(ids);
  }

  async standby(ids: readonly string[]): Promise<void> {
    if (this.closed) return;
    const wanted = new Set(ids);
    const { units, restorer, standbys } = this.options;
    const running = new Set(this.tasks.map(({ id }) => id));
    // One's own task needs no copy beside its stores.
    const free = ({ id }: RunnableUnit): boolean => !running.has(id) && !restorer.has(id);
    await standbys.set(units.filter((unit) => wanted.has(unit.id) && free(unit)));
  }

  members(members: readonly MemberView[]): void {
    this.view = members;
  }

  failed(error: unknown): void {
    this.options.failed(error);
  }

  /** A task has been restored. */
  add(unit: RunnableUnit, task: Task): void {
    const order = new Map(this.options.units.map(({ id }, i) => [id, i]));
    const place = (it: Task): number => order.get(it.id) ?? 0;
    this.tasks = [...this.tasks, task].toSorted((a, b) => place(a) - place(b));
    this.options.changed(this.tasks, []);
  }

  /** True for a task that takes no more work, as it is about to go. */
  isRetiring(task: Task): boolean {
    return this.retiring.size > 0 && this.retiring.has(task);
  }

  /** A batch is over, or something else that is waited for. */
  wake(): void {
    if (this.watchers.length > 0) for (const watcher of this.watchers.splice(0)) watcher();
  }

  /** Drops everything at once, as a crash would. The promise resolves when the disk is not touched any more. */
  async close(): Promise<void> {
    this.closed = true;
    this.owned.clear();
    this.drop(this.tasks);
    await Promise.all([this.options.restorer.close(), this.options.standbys.close()]);
  }

  /** Takes partitions away: the tasks that ran on them, and the ids of all that were to. */
  private disown(partitions: readonly TopicPartition[]): {
    readonly ids: readonly string[];
    readonly tasks: readonly Task[];
  } {
    for (const { topic, partition } of partitions) this.owned.delete(partitionId(topic, partition));
    const gone = this.options.units.filter((unit) => !ownsInputs(unit, this.owned));
    const ids = gone.map(({ id }) => id);
    return { ids, tasks: this.tasks.filter(({ id }) => ids.includes(id)) };
  }

  private retire(task: Task): void {
    this.retiring.add(task);
    this.options.retiring(task);
  }

  /** Resolves when none of the tasks is inside a batch, or the time for it is over. */
  private async idle(tasks: readonly Task[]): Promise<void> {
    const patience = new AbortController();
    const cancel = this.options.clock.after(drainMs, () => {
      patience.abort();
      this.wake();
    });
    const waits = (): boolean => !patience.signal.aborted && !this.closed;
    while (waits() && tasks.some((task) => task.state === 'busy')) {
      await new Promise<void>((resolve) => {
        this.watchers.push(resolve);
      });
    }
    cancel();
  }

  private drop(tasks: readonly Task[]): void {
    if (tasks.length === 0) return;
    const gone = new Set(tasks);
    this.tasks = this.tasks.filter((task) => !gone.has(task));
    for (const task of tasks) {
      task.close();
      this.retiring.delete(task);
    }
    this.wake();
    this.options.changed(this.tasks, tasks);
  }
}
