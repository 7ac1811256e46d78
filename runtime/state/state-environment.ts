import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { IllegalStateError, StorageError } from '../../topology/core/errors.ts';
import { headDamage, pageBytes } from '../mapped/head-pages.ts';
import { mapBytes, MappedBudget } from '../mapped/mapped-budget.ts';
import { quietWrites } from './quiet-writes.ts';

interface Opened {
  readonly root: RootDatabase;
  readonly rows: Database<Buffer, Buffer>;
  readonly meta: Database<unknown, string>;
}

/**
 * The LMDB environment of an application's state, with its two databases. Between two writes it can be closed and opened again ({@link renew}), so that what was
 * resident of the mapped file no longer is.
 *
 * LMDB's `overlappingSync` is off: after a killed process its first commits may write over pages of the snapshot that it would go back to if the machine died then.
 */
export class StateEnvironment {
  readonly #folder: string;
  readonly #budget: MappedBudget;
  #opened: Opened | undefined;
  #failure: StorageError | undefined;
  #batches = 0;
  /** Ranges that are being read: each holds a snapshot. */
  openRanges = 0;

  constructor(folder: string, budget: MappedBudget = new MappedBudget()) {
    this.#folder = folder;
    this.#budget = budget;
    this.#opened = openDatabases(folder);
    budget.renew();
  }

  get root(): RootDatabase {
    return this.#present().root;
  }

  /** Rows by table number and row key. */
  get rows(): Database<Buffer, Buffer> {
    return this.#present().rows;
  }

  /** What is known of the tables, and of the environment as a whole. */
  get meta(): Database<unknown, string> {
    return this.#present().meta;
  }

  /** Runs `action`, whose writes are one transaction; resolves when it is on disk. */
  async batch(action: () => void): Promise<void> {
    this.#batches++;
    try {
      await this.root.batch(action);
    } finally {
      this.#batches--;
    }
  }

  /** True when so much of the file is resident that {@link renew} should be called. */
  get due(): boolean {
    return this.openRanges === 0 && this.#budget.isSpent();
  }

  /**
   * Maps the file anew, unless something is being read or written. No one sees it closed: everything from the check on happens in one go, without a turn of the
   * event loop and before any code that waits for a promise of somebody else. That is so because it begins with a turn of its own, when no such code is left to run,
   * and because no write is under way, so that LMDB's `close` has nothing to wait for.
   * @throws {StorageError} STATE_REOPEN, now and whenever it is used after that
   */
  async renew(): Promise<void> {
    await nextTurn();
    if (this.#batches > 0 || this.openRanges > 0) return;
    const { root } = this.#present();
    this.#opened = undefined;
    try {
      await root.close();
      // LMDB's binding ends the process over a file that is none of its.
      const problem = headDamage(join(this.#folder, 'data.mdb'));
      if (problem !== undefined) throw new Error(problem);
      this.#opened = openDatabases(this.#folder);
    } catch (cause) {
      this.#failure = new StorageError(
        'STATE_REOPEN',
        `cannot open the state in "${this.#folder}" again (${(cause as Error).message}): check the disk and start again; nothing committed is lost`,
        { cause },
      );
      throw this.#failure;
    }
    this.#budget.renew();
  }

  async close(): Promise<void> {
    await this.#opened?.root.close();
  }

  #present(): Opened {
    if (this.#opened !== undefined) return this.#opened;
    throw (
      this.#failure ??
      new IllegalStateError('STATE_CLOSED', `the state in "${this.#folder}" is being opened again`)
    );
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function openDatabases(folder: string): Opened {
  const root = open(folder, {
    noSubdir: false,
    maxDbs: 4,
    overlappingSync: false,
    // Every write is in a batch of ours. Its own batching drops a promise, whose rejection (a full disk) would end the process.
    eventTurnBatching: false,
    pageSize: pageBytes,
    mapSize: mapBytes,
  });
  quietWrites(root);
  const rows = root.openDB<Buffer, Buffer>({
    name: 'rows',
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  const meta = root.openDB<unknown, string>({ name: 'meta', encoding: 'json' });
  return { root, rows, meta };
}
