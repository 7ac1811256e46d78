import { ABORT, open, TransactionFlags } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import { join } from 'node:path';
import { StorageError, isStreamsError } from '../../topology/core/errors.ts';
import { headDamage, pageBytes } from '../mapped/head-pages.ts';
import { isFull, lmdbMessage } from '../mapped/lmdb-message.ts';
import { mapBytes } from '../mapped/mapped-budget.ts';
import { inspectFile } from '../mapped/tree-inspection.ts';
import { Gate, gateFolder } from './gate.ts';

/** A read snapshot that is held: pages of it are not written over until it is released. */
export interface Snapshot {
  release(): void;
}

const { ABORTABLE, SYNCHRONOUS_COMMIT, NO_SYNC_FLUSH } = TransactionFlags;
/** The commit waits for the disk. */
const withSync: TransactionFlags = ABORTABLE | SYNCHRONOUS_COMMIT;
/** The commit does not wait for the disk (MDB_NOSYNC). */
const withoutSync: TransactionFlags = ABORTABLE | SYNCHRONOUS_COMMIT | NO_SYNC_FLUSH;

/**
 * An LMDB environment with one database of byte keys and byte values. Every error that LMDB raises
 * leaves it as a {@link StorageError}.
 *
 * LMDB's own `overlappingSync` is off: it waits for the disk in every commit, and the first commits
 * after a killed process may write over pages of the snapshot that it would fall back to.
 * `flusher.ts` says what is done instead. A write map is never used.
 */
export class Environment {
  readonly path: string;
  private readonly flags: TransactionFlags;
  private readonly gate: Gate;
  private opened: RootDatabase<Buffer, Buffer> | undefined;
  /** Why it could not be opened again. */
  private failure: unknown;

  /**
   * Opens or creates the environment in the folder `path`.
   * @param inspect runs before, while no process writes
   * @throws {StorageError} LOG_CORRUPT, LOG_IO
   */
  constructor(path: string, durability: 'sync' | 'no-sync', inspect: () => void = () => {}) {
    this.path = path;
    this.flags = durability === 'sync' ? withSync : withoutSync;
    this.gate = openGate(gateFolder(path));
    try {
      this.opened = this.gate.run(() => {
        inspect();
        return openDatabase(path);
      });
    } catch (error) {
      void this.gate.close();
      throw error;
    }
  }

  private get database(): RootDatabase<Buffer, Buffer> {
    if (this.opened === undefined) throw this.failure;
    return this.opened;
  }

  /**
   * Closes the environment and opens it again: what was resident of the mapped file no longer is.
   *
   * The snapshots that this process held are gone, so pages of the last mark may be written over by
   * the next commit: only the {@link Flusher} may call it, which makes a mark before that. All here
   * is synchronous, so nothing of this process is read or written meanwhile; a range must have been
   * read to its end, or left.
   * @throws {StorageError} LOG_CORRUPT, LOG_IO, now and whenever it is used after that
   */
  reopen(): void {
    // Nothing is waited for, since all writes are synchronous.
    void this.database.close();
    this.opened = undefined;
    try {
      this.opened = this.gate.run(() => openDatabase(this.path));
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  /** The value, copied, or undefined. Inside `write` it is the transaction's own state. */
  get(key: Buffer): Buffer | undefined {
    return guarded(this.path, () => this.database.getBinary(key));
  }

  /** Only inside `write`. */
  put(key: Buffer, value: Buffer): void {
    void guarded(this.path, () => this.database.put(key, value));
  }

  /** Only inside `write`. */
  remove(key: Buffer): void {
    void guarded(this.path, () => this.database.remove(key));
  }

  /** Entries with key in `[start, end)`, in key order. Copies; read lazily. */
  *range(start: Buffer, end: Buffer): Generator<{ key: Buffer; value: Buffer }> {
    try {
      yield* this.database.getRange({ start, end });
    } catch (error) {
      throw storageError(this.path, error);
    }
  }

  /** Keys in `[start, end)`, in order. */
  *keys(start: Buffer, end: Buffer): Generator<Buffer> {
    try {
      yield* this.database.getKeys({ start, end });
    } catch (error) {
      throw storageError(this.path, error);
    }
  }

  /** The entry with the greatest key in `(after, upTo]`, or undefined. */
  last(upTo: Buffer, after: Buffer): { key: Buffer; value: Buffer } | undefined {
    return guarded(this.path, () => {
      for (const entry of this.database.getRange({
        start: upTo,
        end: after,
        reverse: true,
        limit: 1,
      })) {
        return entry;
      }
      return undefined;
    });
  }

  /**
   * Runs `action` as one transaction, whole or not at all: whatever it throws aborts it. Only one
   * process of all that have the environment open is inside at a time.
   */
  write<T>(action: () => T): T {
    let result: T | undefined;
    guarded(this.path, () =>
      this.gate.run(() =>
        this.database.transactionSync(() => {
          result = action();
        }, this.flags),
      ),
    );
    return result as T;
  }

  /** Runs `action` while no process can commit, and changes nothing. */
  exclusively<T>(action: () => T): T {
    let result: T | undefined;
    guarded(this.path, () =>
      this.gate.run(() =>
        this.database.transactionSync(() => {
          result = action();
          return ABORT;
        }, this.flags),
      ),
    );
    return result as T;
  }

  /** Number of the transaction that is running. Only inside `write` and `exclusively`. */
  transactionId(): number {
    return this.database.getWriteTxnId();
  }

  /** Lets the next read see what other processes committed meanwhile. */
  refresh(): void {
    this.database.resetReadTxn();
  }

  /** Holds the present snapshot. */
  hold(): Snapshot {
    const transaction = this.database.useReadTransaction();
    return { release: () => transaction.done() };
  }

  /** Drops the snapshots that killed processes held: their pages can be used again. */
  clearDeadReaders(): void {
    this.database.readerCheck();
  }

  async close(): Promise<void> {
    try {
      await this.opened?.close();
    } finally {
      await this.gate.close();
    }
  }
}

/**
 * Opens or creates an environment that has some pages only, and is written synchronously: all of it
 * is looked through first.
 * @param name the folder that an error names
 * @throws {StorageError} LOG_CORRUPT, LOG_IO
 */
export function openSmall(path: string, name = path): Environment {
  return new Environment(path, 'sync', () => {
    const { damage } = guarded(name, () => inspectFile(dataFile(path)));
    if (damage !== undefined) throw logCorrupt(name, damage);
  });
}

function openGate(folder: string): Gate {
  const damage = guarded(folder, () => headDamage(dataFile(folder)));
  if (damage !== undefined) throw logCorrupt(folder, damage);
  return guarded(folder, () => new Gate(folder));
}

function openDatabase(path: string): RootDatabase<Buffer, Buffer> {
  const damage = guarded(path, () => headDamage(dataFile(path)));
  if (damage !== undefined) throw logCorrupt(path, damage);
  return guarded(path, () =>
    open<Buffer, Buffer>({
      path,
      // A folder, even if its name has a dot in it.
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      pageSize: pageBytes,
      mapSize: mapBytes,
    }),
  );
}

/** The path of LMDB's file in an environment's folder. */
export function dataFile(folder: string): string {
  return join(folder, 'data.mdb');
}

/** The error for a log whose files are damaged. */
export function logCorrupt(path: string, what: string, cause?: unknown): StorageError {
  return new StorageError(
    'LOG_CORRUPT',
    `the log in "${path}" is damaged (${what}): restore the folder from a backup, ` +
      'or remove it to begin anew',
    { cause },
  );
}

/**
 * A value of an environment that is JSON.
 * @throws {StorageError} LOG_CORRUPT
 */
export function storedJson(path: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw logCorrupt(path, 'a row of it is no JSON', error);
  }
}

/** Runs `action`, and translates what LMDB and the file system throw. */
export function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw storageError(path, error);
  }
}

const corruptCodes = new Set<unknown>([
  -30797, // MDB_PAGE_NOTFOUND
  -30796, // MDB_CORRUPTED
  -30793, // MDB_INVALID
  -30794, // MDB_VERSION_MISMATCH
  -30779, // MDB_PROBLEM
]);

/** What an error of LMDB or of the file system means for the user of the log at `path`. */
export function storageError(path: string, error: unknown): Error {
  if (isStreamsError(error)) return error;
  const { code } = error as { code?: unknown };
  const message = lmdbMessage(error);
  if (isFull(error)) {
    return new StorageError(
      'LOG_FULL',
      `the disk of the log in "${path}" is full or a limit on file size is reached (${message}): ` +
        'nothing of this transaction was stored, all before it is safe. Make room and start again',
      { cause: error },
    );
  }
  if (corruptCodes.has(code)) {
    return logCorrupt(path, message, error);
  }
  if (code === undefined) return error as Error;
  return new StorageError(
    'LOG_IO',
    `the log in "${path}" cannot be read or written (${message}): ` +
      'check the disk and the permissions of the folder',
    { cause: error },
  );
}
