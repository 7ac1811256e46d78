import type { StoreRow } from '../../processors/store.ts';
import type { StateTable } from '../ports.ts';
import type { ExpiryGrid } from './expiry.ts';
import { expiryBound, expiryKey, expiryMark, rowKeyOf } from './expiry.ts';

type IndexWrite = readonly [key: Uint8Array, row: Uint8Array | null];

/** A row as a transaction changes it: before (undefined: not known) and after. */
interface RowChange {
  readonly key: Buffer;
  readonly before: StoreRow<unknown> | null | undefined;
  readonly row: StoreRow<unknown> | null;
  /**
   * The transaction removes index entries that a sweep came by: one that is there already may be
   * among them.
   */
  readonly swept: boolean;
}

/** How far the index was walked. */
interface Place {
  readonly cursor: Buffer | undefined;
  readonly done: number;
}

const beginning: Place = { cursor: undefined, done: -1 };

/**
 * Keeps the expiry index of a store and walks it as stream time passes. Where it has got to is
 * memory only: after a restart, or when a transaction is dropped, it starts at the beginning, where
 * nothing is left but what was not deleted yet.
 */
export class ExpirySweeper {
  readonly #grid: ExpiryGrid;
  readonly #index: StateTable;
  /** First index key to look at next. */
  #cursor: Buffer | undefined;
  /** Grid time up to which everything was looked at. */
  #done = -1;
  /** Index entries that the open batch, the transaction came by: removed with it. */
  #batchSeen: Buffer[] = [];
  #seen: Buffer[] = [];
  #batchStart: Place = beginning;
  #savepoint: Place = beginning;
  #savepointSeen = 0;

  constructor(grid: ExpiryGrid, index: StateTable) {
    this.#grid = grid;
    this.#index = index;
  }

  /** Hands the row keys of due index entries to `visit`, `limit` at most; returns their number. */
  sweep(streamTime: number, limit: number, visit: (key: Buffer) => void): number {
    const due = this.#grid.due(streamTime);
    if (due <= this.#done) return 0;
    let count = 0;
    const entries: Buffer[] = [];
    for (const [entry] of this.#index.range(this.#cursor, expiryBound(due))) {
      entries.push(Buffer.from(entry));
      if (++count === limit) break;
    }
    for (const entry of entries) {
      visit(rowKeyOf(entry));
      this.#batchSeen.push(entry);
    }
    const last = entries.at(-1);
    if (last !== undefined) this.#cursor = Buffer.concat([last, Buffer.from([0])]);
    if (count < limit) this.#done = due;
    return count;
  }

  savepoint(): void {
    this.#savepoint = { cursor: this.#cursor, done: this.#done };
    this.#savepointSeen = this.#batchSeen.length;
  }

  rollbackToSavepoint(): void {
    this.#batchSeen.length = this.#savepointSeen;
    this.#goTo(this.#savepoint);
  }

  commitBatch(): void {
    for (const entry of this.#batchSeen) this.#seen.push(entry);
    this.#batchSeen = [];
    this.#batchStart = { cursor: this.#cursor, done: this.#done };
  }

  dropBatch(): void {
    this.#batchSeen = [];
    this.#goTo(this.#batchStart);
  }

  /** Removals of the entries that the transaction's sweeps came by. */
  seal(): IndexWrite[] {
    const removals: IndexWrite[] = this.#seen.map((entry) => [entry, null]);
    this.#seen = [];
    return removals;
  }

  /**
   * Adds what the change of a row does to the index. Gives the entry that was added, if one was; to
   * be told to {@link applied}.
   */
  index(writes: IndexWrite[], { key, before, row, swept }: RowChange): Buffer | undefined {
    const old = this.#bucketOf(before);
    const now = this.#bucketOf(row);
    if (old !== undefined && old !== now) writes.push([expiryKey(old, key), null]);
    if (now === undefined || (old === now && !swept)) return undefined;
    const entry = expiryKey(now, key);
    writes.push([entry, expiryMark]);
    return entry;
  }

  /**
   * The disk has a transaction, and this is the first entry that it added. Sweeps that went by its
   * place before did not see it.
   */
  applied(entry: Buffer | undefined): void {
    if (entry === undefined) return;
    const passed = this.#cursor !== undefined && entry.compare(this.#cursor) < 0;
    if (passed || entry.compare(expiryBound(this.#done)) < 0) this.restart();
  }

  /** Everything that is not on disk was dropped. */
  reset(): void {
    this.#batchSeen = [];
    this.#seen = [];
    this.restart();
  }

  /** Starts at the beginning of the index again. */
  restart(): void {
    this.#goTo(beginning);
    this.#batchStart = beginning;
    this.#savepoint = beginning;
  }

  #goTo({ cursor, done }: Place): void {
    this.#cursor = cursor;
    this.#done = done;
  }

  #bucketOf(row: StoreRow<unknown> | null | undefined): number | undefined {
    return row === null || row === undefined || row.keep ? undefined : this.#grid.bucket(row.time);
  }
}
