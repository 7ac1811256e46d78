import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, StorageError } from '../../topology/core/errors.ts';
import type { StateBackend, StateTable, StateWrites } from '../ports.ts';
import type { MappedBudget } from '../mapped/mapped-budget.ts';
import { isFull, lmdbMessage } from '../mapped/lmdb-message.ts';
import { checkKey, LmdbTable, tablePrefix } from './lmdb-table.ts';
import type { TableMeta } from './lmdb-table.ts';
import { StateEnvironment } from './state-environment.ts';
import { isCorruption, StateFile } from './state-file.ts';

/**
 * State stores of one application in one LMDB environment, `<data>/state/<application>/`.
 *
 * Two databases: `rows`, whose keys are a table's number (uint32 BE) and the row key, and `meta`,
 * which gives each table (store and partition) its number and changelog position, and holds the
 * log's incarnation.
 *
 * Writes go behind: what is applied is staged in memory, readable at once, and LMDB's own thread
 * writes it, all that has come meanwhile in one LMDB transaction with the positions and the
 * incarnation (invariant E4). So a commit does not wait for the disk, and a hot row is written once
 * for many commits. LMDB flushes each transaction before it points the file's head at it: a crash
 * of process or machine finds the state whole, as of a position some transactions back, which the
 * changelog makes up for. LMDB's `overlappingSync` is off: after a killed process its first commits
 * may write over pages of the snapshot that it would go back to if the machine died then.
 */
export class LmdbStateBackend implements StateBackend {
  readonly #folder: string;
  readonly #environment: StateEnvironment;
  readonly #tables = new Map<string, LmdbTable>();
  /** Tables with staged rows or a new position. */
  readonly #changed = new Set<LmdbTable>();
  #incarnation: string | undefined;
  #nextNumber = 1;
  #writing: Promise<void> | undefined;
  #failure: StorageError | undefined;
  /** Told when the file is closed in order. */
  #file: StateFile | undefined;

  private constructor(folder: string, environment: StateEnvironment) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /**
   * Opens the state of an application, or makes it. An environment that is damaged is renamed to
   * `<application>.corrupt-<n>` beside it, `setAside` is told where and why, and a fresh one is
   * made, to be filled from the changelogs.
   * @throws {StorageError} STATE_VERSION when a later version made it, STATE_FOLDER when the folder
   * cannot be written
   */
  static async open(options: {
    readonly stateFolder: string;
    readonly application: string;
    readonly setAside: (notice: { readonly movedTo: string; readonly reason: string }) => void;
    /** How much of the mapped file may be resident. @defaultValue 32 MiB */
    readonly budget?: MappedBudget | undefined;
  }): Promise<LmdbStateBackend> {
    const folder = join(options.stateFolder, options.application);
    try {
      return await this.#openSound(folder, options.budget);
    } catch (error) {
      if (!isCorruption(error)) throw folderError(folder, error);
      const movedTo = unusedName(folder);
      renameSync(folder, movedTo);
      options.setAside({ movedTo, reason: error.message });
      return await this.#openSound(folder, options.budget);
    }
  }

  static async #openSound(
    folder: string,
    budget: MappedBudget | undefined,
  ): Promise<LmdbStateBackend> {
    const file = new StateFile(folder);
    file.enter();
    const backend = LmdbStateBackend.openFolder(folder, budget);
    try {
      await backend.collectGarbage();
    } catch (error) {
      await backend.close();
      throw error;
    }
    backend.#file = file;
    return backend;
  }

  /** Opens without looking whether the file is sound. */
  static openFolder(folder: string, budget?: MappedBudget): LmdbStateBackend {
    const backend = new LmdbStateBackend(folder, new StateEnvironment(folder, budget));
    backend.#load();
    return backend;
  }

  incarnation(): string | undefined {
    return this.#incarnation;
  }

  open(store: string, partition: number): StateTable {
    return this.#table(store, partition);
  }

  async apply(writes: readonly StateWrites[], incarnation: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    for (const write of writes) for (const [key] of write.rows) checkKey(key, write.store);
    for (const { store, partition, rows, position, asOfMs, topicId } of writes) {
      const table = this.#table(store, partition);
      for (const [key, row] of rows) table.staged.add(key, row);
      if (position !== undefined) table.meta = { ...table.meta, position };
      if (asOfMs !== undefined) table.meta = { ...table.meta, asOfMs };
      if (topicId !== undefined) table.meta = { ...table.meta, topicId };
      table.saved = true;
      this.#changed.add(table);
    }
    this.#incarnation = incarnation;
    this.#start();
    while (this.#writing !== undefined && this.#stagedRows() > maxStagedRows) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async wipe(store: string, partition: number): Promise<void> {
    const id = tableId(store, partition);
    const table = this.#tables.get(id);
    if (table === undefined) return;
    await this.#drain();
    const old = table.meta.number;
    table.meta = { number: this.#nextNumber++ };
    try {
      // The rows are out of sight with this one transaction; taking them off the disk may then be
      // interrupted and is finished at the next start.
      await this.#environment.batch(() => {
        void this.#environment.meta.put(`${garbagePrefix}${old}`, old);
        this.#saveTable(table);
      });
      await this.#collect(old);
    } catch (error) {
      throw await this.#writeError(error);
    }
  }

  tables(): readonly { readonly store: string; readonly partition: number }[] {
    return [...this.#tables.values()]
      .filter((table) => table.saved)
      .map(({ store, partition }) => ({ store, partition }));
  }

  /**
   * Writes what is staged, and closes.
   * @throws {StorageError} when the disk did not take it: it is restored from the changelog
   */
  async close(): Promise<void> {
    try {
      await this.#drain();
    } finally {
      await this.#environment.close();
    }
    this.#file?.leave();
  }

  /** Takes what an interrupted wipe has left off the disk. */
  async collectGarbage(): Promise<void> {
    const range = { start: garbagePrefix, end: `${garbagePrefix}~` };
    const numbers = [...this.#environment.meta.getRange(range)].map(({ value }) => value as number);
    for (const number of numbers) await this.#collect(number);
  }

  #load(): void {
    const version = this.#environment.meta.get(formatKey);
    if (version === undefined) this.#environment.meta.putSync(formatKey, formatVersion);
    else if (version !== formatVersion) {
      void this.#environment.close();
      throw new StorageError(
        'STATE_VERSION',
        `the state in "${this.#folder}" has format ${show(version)}, this version reads ${formatVersion}: run the version that made it, or delete the folder to rebuild the state from the changelogs`,
      );
    }
    this.#incarnation = this.#environment.meta.get(incarnationKey) as string | undefined;
    for (const { key, value } of this.#environment.meta.getRange({
      start: 'table/',
      end: 'table/~',
    })) {
      const [, store, partition] = key.split('/') as [string, string, string];
      const table = this.#newTable(store, Number(partition), value as TableMeta);
      table.saved = true;
      this.#nextNumber = Math.max(this.#nextNumber, table.meta.number + 1);
    }
    for (const { value } of this.#environment.meta.getRange({
      start: garbagePrefix,
      end: `${garbagePrefix}~`,
    })) {
      this.#nextNumber = Math.max(this.#nextNumber, (value as number) + 1);
    }
  }

  #table(store: string, partition: number): LmdbTable {
    return (
      this.#tables.get(tableId(store, partition)) ??
      this.#newTable(store, partition, { number: this.#nextNumber++ })
    );
  }

  #newTable(store: string, partition: number, meta: TableMeta): LmdbTable {
    const table = new LmdbTable(this.#environment, store, partition, meta);
    this.#tables.set(tableId(store, partition), table);
    return table;
  }

  #stagedRows(): number {
    let count = 0;
    for (const table of this.#changed) count += table.staged.waiting;
    return count;
  }

  #start(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when everything staged is on disk. */
  async #drain(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Writes until nothing is staged; each round is one LMDB transaction with all that came during
   * the one before. Never rejects: the failure is kept.
   */
  async #write(): Promise<void> {
    while (this.#changed.size > 0 && this.#failure === undefined) {
      const tables = [...this.#changed];
      this.#changed.clear();
      try {
        await this.#environment.batch(() => this.#putAll(tables));
        for (const { staged } of tables) staged.end();
        if (this.#environment.due) await this.#environment.renew();
      } catch (error) {
        this.#failure = await this.#writeError(error);
      }
    }
  }

  #putAll(tables: readonly LmdbTable[]): void {
    void this.#environment.meta.put(incarnationKey, this.#incarnation);
    for (const table of tables) {
      for (const [key, row] of table.staged.begin()) {
        if (row === null) void this.#environment.rows.remove(table.key(key));
        else void this.#environment.rows.put(table.key(key), row);
      }
      this.#saveTable(table);
    }
  }

  #saveTable(table: LmdbTable): void {
    void this.#environment.meta.put(`table/${tableId(table.store, table.partition)}`, table.meta);
    table.saved = true;
  }

  async #collect(number: number): Promise<void> {
    const start = tablePrefix(number);
    const end = tablePrefix(number + 1);
    for (;;) {
      const keys = [...this.#environment.rows.getKeys({ start, end, limit: collectChunk })];
      await this.#environment.batch(() => {
        for (const key of keys) void this.#environment.rows.remove(key);
        if (keys.length < collectChunk)
          void this.#environment.meta.remove(`${garbagePrefix}${number}`);
      });
      if (keys.length < collectChunk) return;
    }
  }

  async #writeError(error: unknown): Promise<StorageError> {
    if (error instanceof StorageError) return error;
    const cause = await (error as { commitError?: Promise<never> }).commitError?.catch(
      (reason: unknown) => reason,
    );
    const full = isFull(cause);
    return new StorageError(
      full ? 'STATE_FULL' : 'STATE_WRITE',
      `cannot write the state in "${this.#folder}" (${lmdbMessage(cause ?? error)}): ${
        full ? 'the disk is full or at a limit, make room' : 'check the disk'
      } and start again; nothing committed is lost`,
      { cause: cause ?? error },
    );
  }
}

const formatKey = 'format';
const formatVersion = 1;
const incarnationKey = 'incarnation';
const garbagePrefix = 'garbage/';
/**
 * Applied rows that may wait for the disk: more, and {@link LmdbStateBackend.apply} waits for it. A
 * crash costs the replay of these.
 */
const maxStagedRows = 100_000;
/** Rows deleted per transaction when a store is wiped. */
const collectChunk = 20_000;

function tableId(store: string, partition: number): string {
  return `${store}/${partition}`;
}

function folderError(folder: string, error: unknown): Error {
  if (error instanceof StorageError) return error;
  return new ConfigError(
    'STATE_FOLDER',
    `cannot open the state folder "${folder}": ${lmdbMessage(error)}`,
    { cause: error },
  );
}

function unusedName(folder: string): string {
  for (let n = 1; ; n++) {
    const name = `${folder}.corrupt-${n}`;
    if (!existsSync(name)) return name;
  }
}

function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}
