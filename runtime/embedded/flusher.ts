import { closeSync, fdatasync, fdatasyncSync, fstatSync, openSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { headBytes } from '../mapped/head-pages.ts';
import { MappedBudget } from '../mapped/mapped-budget.ts';
import { storageError } from './environment.ts';
import type { Environment, Snapshot } from './environment.ts';
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
 *
 * So whoever writes holds a snapshot that is not later than the latest mark, one of its own, and
 * depends on no other process for it. That is why a process may at any time let go of its snapshot
 * and come in anew, as long as it makes a mark before it writes again. It does so when too much of
 * the mapped file has become resident, after step 4: {@link renew}.
 */
export class Flusher {
  /** Set when a flush failed: what the disk has is unknown, and nothing more is accepted. */
  failure: Error | undefined;
  private readonly environment: Environment;
  private readonly dataFile: string;
  private readonly descriptor: number;
  private readonly marks: MarkFile;
  private readonly budget: MappedBudget;
  private held: Snapshot | undefined;
  private running: Promise<void> | undefined;
  private queued: Promise<void> | undefined;

  /**
   * @param place `dataFile` is LMDB's file of the environment; `id` names the mark file in
   * `marksFolder`
   */
  constructor(
    environment: Environment,
    place: { readonly dataFile: string; readonly marksFolder: string; readonly id: string },
    budget: MappedBudget = new MappedBudget(),
  ) {
    this.environment = environment;
    this.dataFile = place.dataFile;
    this.descriptor = openSync(place.dataFile, 'r+');
    this.marks = new MarkFile(place.marksFolder, place.id);
    this.budget = budget;
  }

  /** True when so much of the file is resident that a flush would map it anew. */
  get due(): boolean {
    return this.budget.isSpent();
  }

  /**
   * Makes a mark, blocking. For the first one since the file was mapped. No one writes over the
   * pages of the mark that is returned until the next.
   */
  flushNow(): Mark {
    try {
      const { mark, snapshot } = this.capture();
      fdatasyncSync(this.descriptor);
      this.marks.writeSync(mark);
      this.hold(snapshot);
      this.budget.renew();
      return mark;
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
      if (this.due) this.renew();
    } catch (error) {
      this.failure = storageError(this.dataFile, error);
      throw this.failure;
    } finally {
      if (this.queued === undefined) this.running = undefined;
    }
  }

  /**
   * Maps the file anew, and makes a mark before anything else can run: between the two this process
   * holds no snapshot. A crash here: the latest mark is in force, other processes kept its pages,
   * and this one has written nothing.
   */
  private renew(): void {
    this.held?.release();
    this.held = undefined;
    this.environment.reopen();
    this.flushNow();
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
