import type { KeyValueStore } from '../../processors/store.ts';
import type { Serde } from '../../schemas/serde.ts';
import { IllegalStateError } from '../../topology/core/errors.ts';
import { type Header, noHeaders } from '../../topology/core/record.ts';
import type { StorePlan } from '../../topology/plan/plan.ts';
import type { Append, StateWrites } from '../ports.ts';
import { keepHeader } from '../state/row-format.ts';
import { readOnlyHandle, storeHandle } from '../state/store-handle.ts';
import type { TaskStore } from '../state/task-store.ts';
import type { Attempt } from './attempt.ts';
import type { OutputBuffer } from './output-buffer.ts';

/** Rows that a batch's sweep may delete per store: enough to keep up, too few to be felt. */
const sweepRows = 1000;

const keepHeaders: readonly Header[] = Object.freeze([[keepHeader, Buffer.from([1])] as const]);

/** A store together with its plan. */
export interface OwnedStore {
  readonly plan: StorePlan;
  readonly store: TaskStore;
  readonly keySerde: Serde;
  readonly valueSerde: Serde;
  /** Source topic whose committed position is the store's, where the store is source-backed. */
  readonly sourceTopic: string | undefined;
}

/** What a committed transaction says beside its appends. */
export interface AcknowledgedInputs {
  /** Source topic → its committed position, and whether the topic had nothing after it. */
  readonly inputs: ReadonlyMap<string, { readonly offset: number; readonly atEnd: boolean }>;
  /** Wall clock, ms. */
  readonly nowMs: number;
}

/** All stores of one task, moved together through batches and transactions (E1, E2), and the global tables that it may read. */
export class TaskStores {
  private readonly stores: ReadonlyMap<string, OwnedStore>;
  private readonly globals: ReadonlyMap<string, TaskStore>;
  private readonly partition: number;

  constructor(
    stores: readonly OwnedStore[],
    globals: ReadonlyMap<string, TaskStore>,
    partition: number,
  ) {
    this.stores = new Map(stores.map((owned) => [owned.plan.name, owned]));
    this.globals = globals;
    this.partition = partition;
  }

  /**
   * A store as a stage sees it during the attempt (E8).
   * @throws {IllegalStateError} STORE_UNKNOWN when the task has no such store
   */
  handle(name: string, attempt: Attempt): KeyValueStore {
    const owned = this.stores.get(name);
    if (owned !== undefined) return storeHandle(owned.store, attempt);
    const global = this.globals.get(name);
    if (global !== undefined) return readOnlyHandle(global, attempt) as KeyValueStore;
    throw new IllegalStateError('STORE_UNKNOWN', `the task has no store "${name}"`);
  }

  /** A store of the task itself, for reports and tests. */
  owned(name: string): TaskStore | undefined {
    return this.stores.get(name)?.store;
  }

  /** Rows written and not committed yet, all stores together. */
  get dirtyRows(): number {
    let rows = 0;
    for (const { store } of this.stores.values()) rows += store.dirtyRows;
    return rows;
  }

  beginBatch(): void {
    for (const { store } of this.stores.values()) store.beginBatch();
  }

  /** Sets a savepoint inside the batch; there is one at a time. */
  savepoint(): void {
    for (const { store } of this.stores.values()) store.savepoint();
  }

  rollbackToSavepoint(): void {
    for (const { store } of this.stores.values()) store.rollbackToSavepoint();
  }

  commitBatch(): void {
    for (const { store } of this.stores.values()) store.commitBatch();
  }

  dropBatch(): void {
    for (const { store } of this.stores.values()) store.dropBatch();
  }

  /** Deletes expired rows as of the task's stream time, inside the open batch. */
  sweep(): void {
    for (const { store } of this.stores.values()) store.sweep(sweepRows);
  }

  /** Moves completed batches' writes into the overlay in commit and their changelog records (the last write of a key) into `changelogs`. */
  seal(changelogs: OutputBuffer): void {
    for (const { plan, store } of this.stores.values()) {
      store.seal({
        append: (time, key, value, keep) =>
          changelogs.appendPair(
            plan.changelog,
            this.partition,
            time,
            key,
            value,
            keep ? keepHeaders : noHeaders,
          ),
      });
    }
  }

  /**
   * What goes to disk after the log acknowledged what was sealed (E4). Changelog positions come from the acknowledged appends; those of source-backed stores are
   * the committed input positions.
   */
  acknowledged(
    appends: readonly Append[],
    baseOffsets: readonly number[],
    { inputs, nowMs }: AcknowledgedInputs,
  ): readonly StateWrites[] {
    const ends = new Map<string, number>();
    appends.forEach(({ topic, records }, i) =>
      ends.set(topic, (baseOffsets[i] as number) + records),
    );
    const writes: StateWrites[] = [];
    for (const { plan, store, sourceTopic } of this.stores.values()) {
      const input = sourceTopic === undefined ? undefined : inputs.get(sourceTopic);
      const own = store.acknowledged(input?.offset ?? ends.get(plan.changelog));
      // Nobody else writes its changelog; of a source topic it may lack what is further down.
      const complete = input === undefined || input.atEnd;
      for (const write of own) {
        const stamped = complete && write.position !== undefined;
        writes.push(stamped ? { ...write, asOfMs: nowMs } : write);
      }
    }
    return writes;
  }

  /** What was acknowledged is on disk. */
  applied(): void {
    for (const { store } of this.stores.values()) store.applied();
  }

  dropUncommitted(): void {
    for (const { store } of this.stores.values()) store.dropUncommitted();
  }

  close(): void {
    for (const { store } of this.stores.values()) store.close();
  }
}
