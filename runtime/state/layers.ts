import { IllegalStateError } from '../../topology/core/errors.ts';
import type { Entry } from './working-set.ts';
import { Version } from './working-set.ts';

/** A transaction's writes from the moment it is sealed until they are on disk. */
export interface SealedVersions {
  readonly versions: readonly Version[];
  /** The log acknowledged it: it is no longer undone, but waits for the disk. */
  acknowledged: boolean;
}

/**
 * Uncommitted writes of one store in layers (invariant E2): sealed transactions (oldest first), the
 * transaction's completed batches, the open batch, the record savepoint. Each layer holds at most
 * one version of an entry; a finished layer is merged into the one below, a failed one is undone.
 *
 * A version's level is the number that its layer got when it was opened: what is at or above the
 * level of a layer belongs to it.
 */
export class Layers {
  #level = 1;
  #transactionLevel = 1;
  #batchLevel = 0;
  #sealed: SealedVersions[] = [];
  #transaction: Version[] = [];
  #batch: Version[] = [];
  #savepoint: Version[] = [];
  #batchOpen = false;
  #savepointOpen = false;

  get batchOpen(): boolean {
    return this.#batchOpen;
  }

  /** Entries written in the transaction so far (open batch included), for size bounds. */
  get dirty(): number {
    return this.#transaction.length + this.#batch.length + this.#savepoint.length;
  }

  /**
   * The version that a write of the entry goes into: the top layer's, made if there is none.
   * @throws {IllegalStateError} STORE_NO_BATCH outside a batch
   */
  versionOf(entry: Entry): Version {
    const newest = entry.version;
    if (newest !== null && newest.level === this.#level && this.#batchOpen) return newest;
    if (!this.#batchOpen) {
      throw new IllegalStateError('STORE_NO_BATCH', 'a store is written outside a batch');
    }
    const version = new Version(entry, this.#level);
    entry.version = version;
    (this.#savepointOpen ? this.#savepoint : this.#batch).push(version);
    return version;
  }

  /** Takes back the version that was made last, before anything was written into it. */
  forget(version: Version): void {
    version.entry.version = version.older;
    (this.#savepointOpen ? this.#savepoint : this.#batch).pop();
  }

  beginBatch(): void {
    if (this.#batchOpen) throw new IllegalStateError('STORE_BATCH_OPEN', 'a batch is open already');
    this.#batchOpen = true;
    this.#batchLevel = ++this.#level;
  }

  /**
   * Opens a savepoint in the batch; one that is open already is kept as it is (its record
   * succeeded).
   */
  savepoint(): void {
    if (!this.#batchOpen) throw new IllegalStateError('STORE_NO_BATCH', 'no batch is open');
    this.#mergeSavepoint();
    this.#savepointOpen = true;
    this.#level++;
  }

  /**
   * Undoes what was written since the savepoint, which stays open.
   * @throws {IllegalStateError} STORE_NO_SAVEPOINT if none is open
   */
  rollbackToSavepoint(): void {
    if (!this.#savepointOpen) {
      throw new IllegalStateError('STORE_NO_SAVEPOINT', 'no savepoint is open');
    }
    undo(this.#savepoint);
    this.#savepoint = [];
  }

  commitBatch(): void {
    if (!this.#batchOpen) throw new IllegalStateError('STORE_NO_BATCH', 'no batch is open');
    this.#mergeSavepoint();
    merge(this.#batch, this.#transaction, this.#transactionLevel);
    this.#endBatch();
  }

  /** Undoes the open batch, if there is one. */
  dropBatch(): void {
    undo(this.#savepoint);
    undo(this.#batch);
    this.#endBatch();
  }

  /**
   * Takes the completed batches out as a sealed transaction. A batch that is open stays open, on
   * top of it.
   */
  seal(): SealedVersions {
    const sealed: SealedVersions = { versions: this.#transaction, acknowledged: false };
    this.#sealed.push(sealed);
    this.#transaction = [];
    this.#transactionLevel = ++this.#level;
    this.#raiseOpenLayers();
    return sealed;
  }

  /**
   * Marks the oldest transaction in commit as acknowledged.
   * @throws {IllegalStateError} STORE_NOT_SEALED if none is in commit
   */
  acknowledge(): SealedVersions {
    const sealed = this.#sealed.find((s) => !s.acknowledged);
    if (sealed === undefined) {
      throw new IllegalStateError('STORE_NOT_SEALED', 'no transaction is in commit');
    }
    sealed.acknowledged = true;
    return sealed;
  }

  /**
   * Takes out the oldest acknowledged transaction, whose writes are on disk now.
   * @throws {IllegalStateError} STORE_NOT_ACKNOWLEDGED if there is none
   */
  applied(): SealedVersions {
    const sealed = this.#sealed[0];
    if (sealed === undefined || !sealed.acknowledged) {
      throw new IllegalStateError('STORE_NOT_ACKNOWLEDGED', 'no acknowledged transaction waits');
    }
    this.#sealed.shift();
    for (const version of sealed.versions) release(version);
    return sealed;
  }

  /** Undoes everything that no acknowledged transaction holds. */
  dropUncommitted(): void {
    this.dropBatch();
    undo(this.#transaction);
    this.#transaction = [];
    for (let last = this.#sealed.at(-1); last !== undefined; last = this.#sealed.at(-1)) {
      if (last.acknowledged) break;
      undo(last.versions);
      this.#sealed.pop();
    }
  }

  /** Every entry whose row the disk does not have yet. */
  dirtyEntries(): Set<Entry> {
    const entries = new Set<Entry>();
    for (const { versions } of this.#sealed) for (const v of versions) entries.add(v.entry);
    for (const versions of [this.#transaction, this.#batch, this.#savepoint]) {
      for (const v of versions) entries.add(v.entry);
    }
    return entries;
  }

  /** Puts the open batch and its savepoint above the level of the new transaction. */
  #raiseOpenLayers(): void {
    if (!this.#batchOpen) return;
    this.#batchLevel = ++this.#level;
    for (const version of this.#batch) version.level = this.#level;
    if (!this.#savepointOpen) return;
    this.#level++;
    for (const version of this.#savepoint) version.level = this.#level;
  }

  #mergeSavepoint(): void {
    if (!this.#savepointOpen) return;
    merge(this.#savepoint, this.#batch, this.#batchLevel);
    this.#savepoint = [];
  }

  #endBatch(): void {
    this.#batch = [];
    this.#savepoint = [];
    this.#batchOpen = false;
    this.#savepointOpen = false;
  }
}

/**
 * Folds the versions of a layer into the layer below, whose level is `level`: each is then the only
 * one of its entry there.
 */
function merge(from: readonly Version[], into: Version[], level: number): void {
  for (const version of from) {
    const older = version.older;
    version.level = level;
    if (older === null || older.level < level) {
      into.push(version);
      continue;
    }
    older.row = version.row;
    older.slab = version.slab;
    older.start = version.start;
    older.end = version.end;
    older.deletedAt = version.deletedAt;
    version.entry.version = older;
  }
}

/** Undoes versions, newest first: each is then the newest of its entry. */
function undo(versions: readonly Version[]): void {
  for (let i = versions.length - 1; i >= 0; i--) {
    const { entry, before, older } = versions[i] as Version;
    entry.row = before;
    entry.version = older;
  }
}

/** Takes a version whose row is on disk out of the chain of its entry. It is the oldest there. */
function release(version: Version): void {
  const { entry } = version;
  if (entry.version === version) {
    entry.version = null;
    return;
  }
  let newer = entry.version;
  while (newer !== null && newer.older !== version) newer = newer.older;
  if (newer !== null) newer.older = null;
}
