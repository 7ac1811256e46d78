import type { Clock } from '../../topology/core/clock.ts';
import type { Log } from '../ports.ts';
import { chunkBytes } from './changelog-reader.ts';
import { nextTurn } from './next-turn.ts';
import { type StandbyLag, StandbyTask } from './standby-task.ts';
import type { TaskFactory } from './task-factory.ts';
import type { RunnableUnit } from './task-units.ts';

/** One round of reading, all stores together: running tasks come first. */
const fetchLimits = { maxBytes: chunkBytes, maxBytesPerPartition: chunkBytes };
/** How long to wait for new changelog records before looking again; committed inputs are asked for as often, ms. */
const lookEveryMs = 1000;

export interface StandbysOptions {
  readonly factory: Pick<TaskFactory, 'standby'>;
  readonly log: Log;
  readonly clock: Clock;
  /** Group whose committed positions bound source-backed stores. */
  readonly group: string;
  readonly failed: (error: unknown) => void;
}

/** The standby tasks of a member: their stores are kept warm, chunk by chunk, as long as nobody else has them (design.md 6). */
export class Standbys {
  private readonly options: StandbysOptions;
  private readonly tasks = new Map<string, StandbyTask>();
  private running = false;
  private closed = false;
  private asking = false;
  private changed = new AbortController();
  private inputsAskedMs = Number.NEGATIVE_INFINITY;

  constructor(options: StandbysOptions) {
    this.options = options;
  }

  /** The tasks that it keeps warm. */
  get units(): readonly RunnableUnit[] {
    return [...this.tasks.values()].map(({ unit }) => unit);
  }

  /** The standby of a task, for queries; undefined: there is none. */
  lag(id: string, store: string): StandbyLag | undefined {
    return this.tasks.get(id)?.lag(store);
  }

  /** Keeps exactly these tasks warm from now on. What is no longer kept stays on disk as it is. */
  async set(units: readonly RunnableUnit[]): Promise<void> {
    const wanted = new Map(units.map((unit) => [unit.id, unit]));
    await this.release([...this.tasks.keys()].filter((id) => !wanted.has(id)));
    for (const [id, unit] of wanted) {
      if (this.tasks.has(id) || unit.topology.stores.length === 0) continue;
      const task = new StandbyTask(unit, this.options.log, this.options.group);
      this.tasks.set(id, task);
      this.open(task).catch((error: unknown) => this.failed(error));
    }
  }

  /** Gives up the stores of these tasks; resolves when their disk is not touched any more. */
  async release(ids: Iterable<string>): Promise<void> {
    const closing: Promise<void>[] = [];
    for (const id of ids) {
      const task = this.tasks.get(id);
      this.tasks.delete(id);
      if (task !== undefined) closing.push(task.close());
    }
    if (closing.length > 0) this.look();
    await Promise.all(closing);
  }

  close(): Promise<void> {
    this.closed = true;
    return this.release([...this.tasks.keys()]);
  }

  private async open(task: StandbyTask): Promise<void> {
    const { stores, control } = await this.options.factory.standby(task.unit);
    await task.open(stores, control);
    this.look();
    if (this.running) return;
    this.running = true;
    try {
      while (this.tasks.size > 0) await this.round();
    } finally {
      this.running = false;
    }
  }

  /** What is read has changed: waiting for records is over. */
  private look(): void {
    this.changed.abort();
    this.changed = new AbortController();
  }

  private async round(): Promise<void> {
    const { log, clock } = this.options;
    const { signal } = this.changed;
    const nowMs = clock.now();
    this.askInputs();
    const reading = [...this.tasks.values()].flatMap((task) =>
      task.reading.map((at) => ({ ...at, task })),
    );
    const positions = reading.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    const fetched = positions.length === 0 ? [] : await log.fetch(positions, fetchLimits);
    let moved = false;
    for (const found of fetched) {
      for (const { task, copy, topic, partition, offset } of reading) {
        if (topic !== found.topic || partition !== found.partition) continue;
        // It was released and opened again, or its store is read from elsewhere by now.
        if (copy.position !== offset) continue;
        if (!(await task.take(copy, found, nowMs))) continue;
        moved = true;
        await nextTurn();
      }
    }
    if (moved) await nextTurn();
    else if (positions.length > 0) await log.awaitRecords(positions, lookEveryMs, signal);
    else await this.pause(signal);
  }

  /** Beside the reading: it may wait for a transaction that an owner has left open. */
  private askInputs(): void {
    const nowMs = this.options.clock.monotonic();
    const asked = [...this.tasks.values()].filter((task) => task.readsInputs);
    if (this.asking || asked.length === 0 || nowMs - this.inputsAskedMs < lookEveryMs) return;
    this.inputsAskedMs = nowMs;
    this.asking = true;
    Promise.all(asked.map((task) => task.advanceInputs())).then(
      () => {
        this.asking = false;
        this.look();
      },
      (error: unknown) => this.failed(error),
    );
  }

  private async pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.options.clock.after(lookEveryMs, resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    cancel();
  }

  private failed(error: unknown): void {
    if (!this.closed) this.options.failed(error);
  }
}
