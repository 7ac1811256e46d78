import type { StoreRow } from '../../processors/store.ts';
import type { Serde } from '../../schemas/serde.ts';
import { ProcessingError } from '../../topology/core/errors.ts';
import type { StorePlan } from '../../topology/plan/plan.ts';
import type { StateBackend, StateTable, StateWrites } from '../ports.ts';
import { ExpirySweeper } from './expiry-sweeper.ts';
import { ExpiryGrid, expiryTable, firstOf } from './expiry.ts';
import type { SealedVersions } from './layers.ts';
import { Layers } from './layers.ts';
import { mergedRange } from './merged-range.ts';
import type { StoredRow } from './merged-range.ts';
import { RowArena } from './row-arena.ts';
import { checkRow, rowKeep, rowPrefixBytes, rowTime } from './row-format.ts';
import { inStore, rowError } from './store-errors.ts';
import { StoreKeys } from './store-keys.ts';
import type { EntryOwner, StoreCache } from './working-set.ts';
import { Entry, memoryOf } from './working-set.ts';

/**
 * Stream time of a task, ms; −1 before its first record. One object per task, which the engine
 * moves on as records go by.
 */
export interface TaskTime {
  streamTime: number;
}

/**
 * Takes the changelog records of a sealed transaction, the last write of each key. The buffers stay
 * as they are.
 */
export interface ChangelogSink {
  /** `value` null: a tombstone. `keep`: to be written as the header `keepHeader`. */
  append(timeMs: number, key: Buffer, value: Buffer | null, keep: boolean): void;
}

export interface TaskStoreOptions {
  readonly plan: Pick<StorePlan, 'name' | 'key' | 'ttl' | 'sourceBacked'>;
  readonly partition: number;
  readonly keySerde: Serde;
  readonly valueSerde: Serde;
  readonly backend: StateBackend;
  readonly cache: StoreCache;
  readonly time: TaskTime;
}

interface Sealed {
  readonly layer: SealedVersions;
  /** The first of the index entries that are added. */
  firstEntry: Buffer | undefined;
  readonly rows: (readonly [key: Uint8Array, row: Uint8Array | null])[];
  readonly expiry: (readonly [key: Uint8Array, row: Uint8Array | null])[];
}

/**
 * One store of one task: a decoded working set over a disk table, with the layers of uncommitted
 * writes between (invariants E1, E2, E4). The engine drives it:
 *
 * ```text
 * beginBatch ─ put/delete … ─ commitBatch | dropBatch   any number of batches;
 *                                                        savepoint / rollbackToSavepoint inside
 * seal(sink)             the completed batches become a transaction in commit; n+1 goes on top
 * acknowledged(offset)   the log has it: gives what to hand to StateBackend.apply
 * applied()              the disk has it: rows become evictable
 * dropUncommitted()      instead of acknowledged: n and all on top of it never happened
 * ```
 *
 * **Gotchas** One thread, one batch at a time. Values are shared with whoever put them: what was
 * put must not be changed.
 */
export class TaskStore implements EntryOwner {
  readonly name: string;
  readonly partition: number;
  readonly time: TaskTime;
  readonly #sourceBacked: boolean;
  readonly #keys: StoreKeys;
  readonly #valueSerde: Serde;
  readonly #cache: StoreCache;
  readonly #table: StateTable;
  readonly #grid: ExpiryGrid | undefined;
  readonly #sweeper: ExpirySweeper | undefined;
  readonly #entries = new Map<unknown, Entry>();
  #latest: Entry | undefined;
  readonly #layers = new Layers();
  readonly #arena = new RowArena();
  #sealed: Sealed[] = [];
  readonly #ranges = new Set<Iterator<unknown>>();

  constructor(options: TaskStoreOptions) {
    const { plan, partition, backend } = options;
    this.name = plan.name;
    this.partition = partition;
    this.time = options.time;
    this.#sourceBacked = plan.sourceBacked;
    this.#keys = new StoreKeys(plan.name, plan.key, options.keySerde);
    this.#valueSerde = options.valueSerde;
    this.#cache = options.cache;
    this.#table = backend.open(plan.name, partition);
    if (plan.ttl === 'none') return;
    this.#grid = new ExpiryGrid(plan.ttl);
    this.#sweeper = new ExpirySweeper(this.#grid, backend.open(expiryTable(plan.name), partition));
  }

  /** Changelog position (or, source-backed, input position) that the disk has. */
  position(): number | undefined {
    return this.#table.position();
  }

  /** Rows written in the transaction so far, for the engine's size bound. */
  get dirtyRows(): number {
    return this.#layers.dirty;
  }

  /**
   * The row that the open batch sees; undefined where there is none or it has expired.
   * @throws {SerdeError} if the key does not fit
   * @throws {TaskCorruptedError} if the disk's row cannot be read
   */
  row(key: unknown): StoreRow<unknown> | undefined {
    const mapKey = this.#keys.mapKey(key);
    const entry = this.#entry(mapKey);
    let row: StoreRow<unknown> | null | undefined;
    if (entry === undefined) row = this.#load(mapKey, key).row;
    else {
      entry.visited = true;
      row = entry.row === undefined ? this.#reload(entry) : entry.row;
    }
    if (row === null || row === undefined || this.#expired(row)) return undefined;
    return row;
  }

  /**
   * Writes a row into the open batch. A null value deletes the row.
   * @throws {SerdeError} if key or value do not fit; nothing is written then
   * @throws {ProcessingError} STORE_TIME if the time is no whole number of ms ≥ 0
   */
  put(key: unknown, value: unknown, time = this.#now(), keep = false): void {
    if (value === null) return this.delete(key);
    if (!Number.isSafeInteger(time) || time < 0) {
      throw new ProcessingError(
        'STORE_TIME',
        `store "${this.name}" got a row with time ${time}: a time is a whole number of ms since epoch`,
      );
    }
    const entry = this.#entryOf(key);
    const before = entry.version;
    const version = this.#layers.versionOf(entry);
    try {
      this.#arena.write(version, this.#valueSerde, value, time, keep);
    } catch (error) {
      if (version !== before) this.#layers.forget(version);
      throw inStore(this.name, error);
    }
    version.row = { value, time, keep };
    entry.row = version.row;
    this.#cache.resize(entry, memoryOf(keySize(entry.mapKey), version.end - version.start));
  }

  /** Deletes a row, in the open batch. */
  delete(key: unknown): void {
    const entry = this.#entryOf(key);
    if (entry.row === null) return;
    const version = this.#layers.versionOf(entry);
    version.row = null;
    version.slab = null;
    version.deletedAt = this.#now();
    entry.row = null;
  }

  /**
   * Rows with key bytes in `[from, to)` in order of key bytes, expired ones left out: a snapshot as
   * of the call, which ends with the batch.
   */
  range(
    bounds: { from?: unknown; to?: unknown } = {},
  ): Iterable<readonly [unknown, StoreRow<unknown>]> {
    const from = bounds.from === undefined ? undefined : this.#keys.bytes(bounds.from);
    const to = bounds.to === undefined ? undefined : this.#keys.bytes(bounds.to);
    const overlay: StoredRow[] = [];
    for (const { key, row } of this.#layers.dirtyEntries()) {
      if (row === undefined) continue;
      const bytes = this.#keys.bytes(key);
      if (from !== undefined && Buffer.compare(bytes, from) < 0) continue;
      if (to !== undefined && Buffer.compare(bytes, to) >= 0) continue;
      overlay.push({ bytes, key, row });
    }
    const disk = this.#table.range(from, to)[Symbol.iterator]();
    this.#ranges.add(disk);
    const streamTime = this.time.streamTime;
    const alive = (row: StoreRow<unknown>): boolean =>
      row.keep || this.#grid === undefined || !this.#grid.expired(row.time, streamTime);
    return mergedRange(disk, overlay, alive, {
      key: (bytes) => this.#keys.read(bytes),
      row: (row) => this.#decode(row),
      done: () => this.#ranges.delete(disk),
    });
  }

  beginBatch(): void {
    this.#layers.beginBatch();
  }

  /**
   * Marks the place that {@link rollbackToSavepoint} goes back to; the record before it has
   * succeeded.
   */
  savepoint(): void {
    this.#layers.savepoint();
    this.#sweeper?.savepoint();
  }

  rollbackToSavepoint(): void {
    this.#layers.rollbackToSavepoint();
    this.#sweeper?.rollbackToSavepoint();
  }

  /** Makes the batch part of the next transaction. */
  commitBatch(): void {
    this.#closeRanges();
    this.#layers.commitBatch();
    this.#sweeper?.commitBatch();
  }

  /** Undoes the open batch, if there is one. */
  dropBatch(): void {
    this.#closeRanges();
    this.#layers.dropBatch();
    this.#sweeper?.dropBatch();
  }

  /**
   * Deletes expired rows, `limit` at most, in the open batch: each leaves a tombstone in the
   * changelog. What is due depends on stream time alone, on a grid of 1/64 of the ttl. Returns the
   * number of index entries looked at: less than `limit` means that nothing is left to do until the
   * next grid time.
   */
  sweep(limit: number): number {
    const sweeper = this.#sweeper;
    if (sweeper === undefined) return 0;
    return sweeper.sweep(this.time.streamTime, limit, (bytes) => {
      const key = this.#keys.read(bytes);
      const row = this.#entryRow(key);
      if (row !== null && this.#expired(row)) this.delete(key);
    });
  }

  /**
   * Makes the completed batches a transaction in commit and gives its changelog records to `sink`
   * (nothing for a source-backed store). A batch that is open stays out of it.
   */
  seal(sink: ChangelogSink): void {
    const layer = this.#layers.seal();
    const expiry = this.#sweeper?.seal() ?? [];
    const sealed: Sealed = { layer, firstEntry: undefined, rows: [], expiry };
    const swept = expiry.length > 0;
    for (const version of layer.versions) {
      const { row, before, slab } = version;
      if (row === null && before === null) continue;
      const key = this.#keys.bytes(version.entry.key);
      const bytes = slab === null ? null : slab.subarray(version.start, version.end);
      sealed.rows.push([key, bytes]);
      if (!this.#sourceBacked) {
        const value = bytes === null ? null : bytes.subarray(rowPrefixBytes);
        sink.append(row?.time ?? version.deletedAt, key, value, row?.keep ?? false);
      }
      const entry = this.#sweeper?.index(expiry, { key, before, row, swept });
      sealed.firstEntry = firstOf(sealed.firstEntry, entry);
    }
    this.#sealed.push(sealed);
  }

  /**
   * The log acknowledged the oldest transaction in commit, up to this changelog position
   * (undefined: it did not move). Gives the writes to hand to {@link StateBackend.apply}: together
   * with those of all other stores of the transaction (invariant E4).
   */
  acknowledged(position: number | undefined): readonly StateWrites[] {
    const layer = this.#layers.acknowledge();
    const { rows, expiry } = this.#sealed.find((s) => s.layer === layer) as Sealed;
    const { name, partition } = this;
    const writes: StateWrites[] = [];
    if (rows.length > 0 || position !== undefined) {
      writes.push({ store: name, partition, rows, position });
    }
    if (expiry.length > 0) {
      writes.push({ store: expiryTable(name), partition, rows: expiry, position: undefined });
    }
    return writes;
  }

  /** The disk has the oldest acknowledged transaction. */
  applied(): void {
    const { versions } = this.#layers.applied();
    // Twice: an entry that was used gets a second chance before it goes.
    this.#cache.trim(2 * versions.length + 64);
    const sealed = this.#sealed.shift();
    this.#sweeper?.applied(sealed?.firstEntry);
  }

  /** The transaction in commit was aborted: it, and what is on top, never happened (E2). */
  dropUncommitted(): void {
    this.#closeRanges();
    this.#layers.dropUncommitted();
    this.#sealed = this.#sealed.filter((s) => s.layer.acknowledged);
    this.#sweeper?.reset();
  }

  /** Takes the store's rows out of the shared cache. The store is not used any more. */
  close(): void {
    this.#closeRanges();
    for (const entry of this.#entries.values()) this.#cache.remove(entry);
    this.#entries.clear();
    this.#latest = undefined;
  }

  forget(entry: Entry): void {
    this.#entries.delete(entry.mapKey);
    if (this.#latest === entry) this.#latest = undefined;
  }

  #now(): number {
    return Math.max(this.time.streamTime, 0);
  }

  #expired(row: StoreRow<unknown>): boolean {
    const grid = this.#grid;
    return grid !== undefined && !row.keep && grid.expired(row.time, this.time.streamTime);
  }

  /** The entry in memory. What is read is mostly written next: the last one is at hand. */
  #entry(mapKey: unknown): Entry | undefined {
    const latest = this.#latest;
    if (latest !== undefined && latest.mapKey === mapKey) return latest;
    const entry = this.#entries.get(mapKey);
    if (entry !== undefined) this.#latest = entry;
    return entry;
  }

  /** The entry to write to; its row need not be loaded. */
  #entryOf(key: unknown): Entry {
    const mapKey = this.#keys.mapKey(key);
    const known = this.#entry(mapKey);
    if (known !== undefined) {
      known.visited = true;
      return known;
    }
    // Encoded only to be checked: a key that does not fit must fail here, in its record.
    this.#keys.check(key);
    return this.#enter(mapKey, key, undefined, 0);
  }

  #entryRow(key: unknown): StoreRow<unknown> | null {
    const mapKey = this.#keys.mapKey(key);
    const entry = this.#entries.get(mapKey) ?? this.#load(mapKey, key);
    return entry.row === undefined ? this.#reload(entry) : entry.row;
  }

  #load(mapKey: unknown, key: unknown): Entry {
    const stored = this.#table.get(this.#keys.view(key));
    const row = stored === undefined ? null : this.#decode(stored);
    return this.#enter(mapKey, key, row, stored?.length ?? 0);
  }

  #reload(entry: Entry): StoreRow<unknown> | null {
    const stored = this.#table.get(this.#keys.view(entry.key));
    entry.row = stored === undefined ? null : this.#decode(stored);
    return entry.row;
  }

  #enter(
    mapKey: unknown,
    key: unknown,
    row: StoreRow<unknown> | null | undefined,
    rowBytes: number,
  ): Entry {
    const entry = new Entry(this, mapKey, key, row);
    this.#entries.set(mapKey, entry);
    this.#latest = entry;
    this.#cache.add(entry, memoryOf(keySize(mapKey), rowBytes));
    return entry;
  }

  #decode(row: Buffer): StoreRow<unknown> {
    checkRow(row, this.name);
    try {
      const value = this.#valueSerde.read(row, rowPrefixBytes, row.length);
      return { value, time: rowTime(row), keep: rowKeep(row) };
    } catch (error) {
      throw rowError(this.name, error);
    }
  }

  #closeRanges(): void {
    for (const range of this.#ranges) range.return?.();
    this.#ranges.clear();
  }
}

function keySize(mapKey: unknown): number {
  return typeof mapKey === 'string' ? mapKey.length : 8;
}
