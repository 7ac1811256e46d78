import type { KeyValueStore, ReadOnlyKeyValueStore, StoreRow } from '../../processors/store.ts';
import { IllegalStateError } from '../../topology/core/errors.ts';
import type { TaskStore } from './task-store.ts';

/**
 * One attempt of one batch. The engine sets `over`; handles of the attempt then throw (invariant
 * E8).
 */
export interface Attempt {
  readonly over: boolean;
}

/** A store as a stage sees it during one attempt. */
export function storeHandle(store: TaskStore, attempt: Attempt): KeyValueStore {
  return new StoreHandle(store, attempt);
}

/** A store that a stage may only read (a global table) during one attempt. */
export function readOnlyHandle(store: TaskStore, attempt: Attempt): ReadOnlyKeyValueStore {
  return new ReadHandle(store, attempt);
}

class ReadHandle implements ReadOnlyKeyValueStore {
  protected readonly store: TaskStore;
  protected readonly attempt: Attempt;

  constructor(store: TaskStore, attempt: Attempt) {
    this.store = store;
    this.attempt = attempt;
  }

  get(key: unknown): unknown {
    if (this.attempt.over) throw handleOver(this.store);
    return this.store.row(key)?.value;
  }

  row(key: unknown): StoreRow<unknown> | undefined {
    if (this.attempt.over) throw handleOver(this.store);
    return this.store.row(key);
  }

  range(bounds?: {
    from?: unknown;
    to?: unknown;
  }): Iterable<readonly [unknown, StoreRow<unknown>]> {
    if (this.attempt.over) throw handleOver(this.store);
    return this.#guarded(this.store.range(bounds));
  }

  *#guarded<T>(rows: Iterable<T>): Generator<T> {
    for (const row of rows) {
      if (this.attempt.over) throw handleOver(this.store);
      yield row;
    }
    if (this.attempt.over) throw handleOver(this.store);
  }
}

class StoreHandle extends ReadHandle implements KeyValueStore {
  put(key: unknown, value: unknown, options?: { time?: number; keep?: boolean }): void {
    if (this.attempt.over) throw handleOver(this.store);
    if (options === undefined) this.store.put(key, value);
    else this.store.put(key, value, options.time, options.keep);
  }

  delete(key: unknown): void {
    if (this.attempt.over) throw handleOver(this.store);
    this.store.delete(key);
  }
}

function handleOver(store: TaskStore): IllegalStateError {
  return new IllegalStateError(
    'HANDLE_OVER',
    `store "${store.name}" was used after its batch was over: use a store only until the stage's outputs have completed`,
  );
}
