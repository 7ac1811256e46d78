import type { Clock } from '../../topology/core/clock.ts';
import { IllegalStateError } from '../../topology/core/errors.ts';
import type { Task } from '../task/task.ts';
import type { Report } from '../logger.ts';
import { Gate } from './gate.ts';
import { progressLine, RestoreMeter, type RestoreProgress } from './restore-progress.ts';
import type { TaskFactory } from './task-factory.ts';
import type { RunnableUnit } from './task-units.ts';

/** Tasks whose stores are read at the same time: enough to hide the log's latency, few enough to leave the loop to the running tasks. */
const parallel = 4;
/** A restore that takes longer says how far it is, as often, ms. */
const reportEveryMs = 10_000;

/**
 * States of a task that is not there yet, and what leads from one to the next:
 *
 * ```
 *  LOCATING ──positions──▶ WAITING ──room──▶ RESTORING ──▶ DONE
 *     └───────────────────────┴──────────────────┴── stop ──▶ STOPPED
 * ```
 */
type JobState = 'locating' | 'waiting' | 'restoring' | 'done' | 'stopped';

const transitions: Readonly<Record<JobState, readonly JobState[]>> = {
  locating: ['waiting', 'stopped'],
  waiting: ['restoring', 'stopped'],
  restoring: ['done', 'stopped'],
  done: [],
  stopped: [],
};

export interface RestorerOptions {
  readonly factory: Pick<TaskFactory, 'locate' | 'restore'>;
  readonly clock: Clock;
  readonly report: Report;
  /** The task is there; it is not closed by the restorer any more. */
  readonly restored: (unit: RunnableUnit, task: Task) => void;
  readonly failed: (error: unknown) => void;
}

interface Job {
  readonly unit: RunnableUnit;
  readonly abort: AbortController;
  state: JobState;
  meter: RestoreMeter | undefined;
  /** Resolves when nothing of the job touches the disk any more. */
  readonly released: PromiseWithResolvers<void>;
}

/**
 * Restores tasks beside those that run: several at a time, chunk by chunk (design.md 6). Waiting for the positions of a dead owner holds up no other restore.
 */
export class Restorer {
  private readonly options: RestorerOptions;
  private readonly jobs = new Map<string, Job>();
  private readonly gate = new Gate(parallel);
  private waiters: (() => void)[] = [];
  private cancelReport: (() => void) | undefined;

  constructor(options: RestorerOptions) {
    this.options = options;
  }

  has(id: string): boolean {
    return this.jobs.has(id);
  }

  /** True while a task is on its way. */
  get busy(): boolean {
    return this.jobs.size > 0;
  }

  /** Tasks on their way, in order of their assignment. */
  get progress(): readonly RestoreProgress[] {
    return [...this.jobs.values()].map((job) => this.progressOf(job));
  }

  /** Begins to restore a task once `free` resolves: until then somebody else has its stores. */
  start(unit: RunnableUnit, free: Promise<void>): void {
    const job: Job = {
      unit,
      abort: new AbortController(),
      state: 'locating',
      meter: undefined,
      released: Promise.withResolvers(),
    };
    this.jobs.set(unit.id, job);
    this.scheduleReport();
    void this.run(job, free);
  }

  /** Ends the restores of these tasks; resolves when the disk is not touched by them any more. */
  async stop(ids: Iterable<string>): Promise<void> {
    const stopped: Promise<void>[] = [];
    for (const id of ids) {
      const job = this.jobs.get(id);
      if (job === undefined) continue;
      // Before it reads stores it may wait for long, and has nothing to end in order.
      if (job.state !== 'restoring') job.released.resolve();
      stopped.push(job.released.promise);
      this.end(job, 'stopped');
    }
    await Promise.all(stopped);
  }

  /** Ends all restores. */
  async close(): Promise<void> {
    await this.stop([...this.jobs.keys()]);
    this.cancelReport?.();
    this.cancelReport = undefined;
  }

  /** Resolves when the positions of all tasks on their way are known, or nothing is on its way any more. */
  async located(): Promise<void> {
    await this.until(() => [...this.jobs.values()].every(({ state }) => state !== 'locating'));
  }

  /** Resolves when no task is on its way any more. */
  async settled(): Promise<void> {
    await this.until(() => !this.busy);
  }

  private async run(job: Job, free: Promise<void>): Promise<void> {
    const { factory, restored, failed } = this.options;
    const { unit, abort } = job;
    const { signal } = abort;
    try {
      const [positions] = await Promise.all([factory.locate(unit), free]);
      if (signal.aborted) return;
      this.transition(job, 'waiting');
      await this.gate.enter();
      try {
        if (signal.aborted) return;
        this.transition(job, 'restoring');
        const task = await factory.restore(unit, positions, {
          signal,
          opened: (copies) => {
            job.meter = new RestoreMeter(copies, this.options.clock.monotonic());
          },
        });
        if (signal.aborted) task?.close();
        else if (task !== undefined) {
          this.end(job, 'done');
          restored(unit, task);
        }
      } finally {
        this.gate.leave();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (job.state !== 'done') this.end(job, 'stopped');
      failed(error);
    } finally {
      job.released.resolve();
    }
  }

  private end(job: Job, state: 'done' | 'stopped'): void {
    this.transition(job, state);
    this.jobs.delete(job.unit.id);
    if (state === 'stopped') job.abort.abort();
    if (!this.busy) {
      this.cancelReport?.();
      this.cancelReport = undefined;
    }
    this.wake();
  }

  private transition(job: Job, state: JobState): void {
    if (!transitions[job.state].includes(state)) {
      throw new IllegalStateError(
        'RESTORE_STATE',
        `the restore of task ${job.unit.id} cannot go from ${job.state} to ${state}`,
      );
    }
    job.state = state;
    this.wake();
  }

  private wake(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.waiters.push(resolve);
      });
    }
  }

  private progressOf({ unit, state, meter }: Job): RestoreProgress {
    if (meter !== undefined) return meter.progress(unit.id, this.options.clock.monotonic());
    return {
      task: unit.id,
      state: state as RestoreProgress['state'],
      store: undefined,
      done: 0,
      total: 0,
      perSecond: 0,
      leftMs: undefined,
    };
  }

  private scheduleReport(): void {
    this.cancelReport ??= this.options.clock.after(reportEveryMs, () => {
      this.cancelReport = undefined;
      for (const progress of this.progress) {
        const { task, store, done, total } = progress;
        this.options.report(progressLine(progress), { task, store, done, total });
      }
      if (this.busy) this.scheduleReport();
    });
  }
}
