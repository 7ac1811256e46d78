import { ABORT, open, TransactionFlags } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import { pageBytes } from '../mapped/head-pages.ts';
import { makeFolder } from '../mapped/make-folder.ts';

const { ABORTABLE, SYNCHRONOUS_COMMIT, NO_SYNC_FLUSH } = TransactionFlags;
const flags: TransactionFlags = ABORTABLE | SYNCHRONOUS_COMMIT | NO_SYNC_FLUSH;

/** Folder of the gate of the environment at `path`. */
export function gateFolder(path: string): string {
  return `${path}.gate`;
}

/**
 * Keeps opening an LMDB environment and committing to it apart, over all processes.
 *
 * Who opens an environment reads the number of its last transaction from the file and notes it in the table that all processes share
 * (`mdb_env_open2`), without LMDB's write lock. A transaction that another process commits in between has its number given away a second time: the next one
 * begins from what was before it, and it is gone, although it was acknowledged.
 *
 * The gate is the write lock of a second environment, beside the first, in which nothing is ever committed: opening it may set back nothing. The lock of a process
 * that was killed is free (LMDB's locks are robust).
 */
export class Gate {
  private readonly database: RootDatabase;
  private inside = false;

  constructor(path: string) {
    makeFolder(path);
    this.database = open({
      path,
      noSubdir: false,
      overlappingSync: false,
      pageSize: pageBytes,
      mapSize: 16 * pageBytes,
    });
  }

  /** Runs `action` while no other process is inside. It may go through the same gate again. */
  run<T>(action: () => T): T {
    if (this.inside) return action();
    let result: T | undefined;
    this.inside = true;
    try {
      this.database.transactionSync(() => {
        result = action();
        return ABORT;
      }, flags);
    } finally {
      this.inside = false;
    }
    return result as T;
  }

  async close(): Promise<void> {
    await this.database.close();
  }
}
