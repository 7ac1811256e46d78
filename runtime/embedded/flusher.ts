import { closeSync, fdatasync, fdatasyncSync, fstatSync, openSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { storageError } from './environment.ts';
import type { Environment, Snapshot } from './environment.ts';
import { headBytes } from './head-pages.ts';
import { MarkFile } from './mark-file.ts';
import type { Mark } from './mark-file.ts';

const sync = promisify(fdatasync);

/**
 * Brings committed transactions to the disk, without ever leaving the file open to corruption.
 *
 * Transactions are committed with MDB_NOSYNC: they are in the system's page cache at once, so that
 * a killed process loses nothing. But a machine that dies leaves a file of which any page may be
 * old or new. What can be relied on then is a *mark*:
 *
 * 1. While no process can commit, copy the two head pages of the file (they name a transaction *t*)
 *    and hold a read snapshot of *t*. LMDB does not write over pages of a held snapshot, or of a
 *    later one. A crash here: the mark before is in force, and its snapshot is still held.
 * 2. Flush the file: every page of *t* is on disk. A crash here: as after step 1.
 * 3. Write the copy of the head pages to the mark file, and wait for the disk. A crash now: the
 *    next open writes those head pages back (`recovery.ts`), and the file is as of *t*.
 * 4. Release the snapshot of the mark before.
 *
 * Each process has a mark file of its own; the latest mark of all counts. A process makes its first
 * mark before it writes anything: until then the snapshot of nobody may be held.
 */
export class Flusher {
  /** Set when a flush failed: what the disk has is unknown, and nothing more is accepted. */
  failure: Error | undefined;
  private readonly environment: Environment;
  private readonly dataFile: string;
  private readonly descriptor: number;
  private readonly marks: MarkFile;
  private held: Snapshot | undefined;
  private running: Promise<void> | undefined;
  private queued: Promise<void> | undefined;

  /** `dataFile` is LMDB's file of the environment; `id` names the mark file in `marksFolder`. */
  constructor(environment: Environment, dataFile: string, marksFolder: string, id: string) {
    this.environment = environment;
    this.dataFile = dataFile;
    this.descriptor = openSync(dataFile, 'r+');
    this.marks = new MarkFile(marksFolder, id);
  }

  /** Makes a mark, blocking. For the first one. */
  flushNow(): void {
    try {
      const { mark, snapshot } = this.capture();
      fdatasyncSync(this.descriptor);
      this.marks.writeSync(mark);
      this.hold(snapshot);
    } catch (error) {
      throw storageError(this.dataFile, error);
    }
  }

  /**
   * Resolves when everything committed before the call is on disk. Calls that come while a flush
   * runs share the next one.
   * @throws {StorageError} LOG_FULL or LOG_IO when the disk does not take it; for good
   */
  flush(): Promise<void> {
    if (this.running === undefined) {
      this.running = this.run();
      return this.running;
    }
    this.queued ??= this.running.then(
      () => this.startQueued(),
      () => this.startQueued(),
    );
    return this.queued;
  }

  close(): void {
    this.held?.release();
    this.held = undefined;
    closeSync(this.descriptor);
    this.marks.close();
  }

  private startQueued(): Promise<void> {
    this.queued = undefined;
    this.running = this.run();
    return this.running;
  }

  private async run(): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    try {
      const { mark, snapshot } = this.capture(); // Step 1
      await sync(this.descriptor); // Step 2
      await this.marks.write(mark); // Step 3
      this.hold(snapshot); // Step 4
    } catch (error) {
      this.failure = storageError(this.dataFile, error);
      throw this.failure;
    } finally {
      if (this.queued === undefined) this.running = undefined;
    }
  }

  private capture(): { readonly mark: Mark; readonly snapshot: Snapshot } {
    return this.environment.exclusively(() => {
      const headPages = Buffer.alloc(headBytes);
      readSync(this.descriptor, headPages, 0, headBytes, 0);
      const mark: Mark = {
        // The transaction that is running never becomes one: the last is the one before.
        transaction: this.environment.transactionId() - 1,
        fileBytes: fstatSync(this.descriptor).size,
        headPages,
      };
      return { mark, snapshot: this.environment.hold() };
    });
  }

  private hold(snapshot: Snapshot): void {
    this.held?.release();
    this.held = snapshot;
  }
}
