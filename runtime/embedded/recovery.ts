import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ConfigError, StorageError } from '../../topology/core/errors.ts';
import { inspectionDue, isAsClosed, stampOf } from '../mapped/closing-note.ts';
import type { ClosingNote } from '../mapped/closing-note.ts';
import { makeFolder } from '../mapped/make-folder.ts';
import { dataFile, guarded, logCorrupt, openSmall, storedJson } from './environment.ts';
import type { Environment } from './environment.ts';
import type { DataLayout } from './layout.ts';
import { latestMark, removeMarks } from './mark-file.ts';
import { isAlive, thisProcess } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** Version of what is on disk. It changes when an older version could not read it. */
export const logFormat = 1;

/** A process that has the log open. */
interface Opener extends ProcessIdentity {
  readonly id: string;
  /** Its commits may be acknowledged before they are on disk. */
  readonly ahead: boolean;
}

/** The one record of the control environment. */
interface Control extends ClosingNote {
  readonly format: number;
  readonly incarnation: string;
  /** Boot of the machine on which the log was opened last. */
  readonly boot: string;
  /** Commits of this boot may have been acknowledged that are not on disk yet. */
  readonly ahead: boolean;
  /** The log has a mark: something in it may have been acknowledged. */
  readonly ready: boolean;
  /** Processes that have the log open, and such that died while they had. */
  readonly openers: readonly Opener[];
}

/** What a process holds while it has the log open. */
export interface Entry {
  readonly id: string;
  readonly incarnation: string;
  readonly control: Environment;
  /** See {@link ClosingNote}; this opening included. */
  readonly doubts: number;
  /** Pages of the records file that have to be looked at before it is read. */
  readonly maxPages: number;
}

const controlKey = Buffer.from('control');

/**
 * Enters the log of a data folder: checks what is there, repairs it after a machine crash, and
 * notes this process. Only one process is inside at a time; the environment of the records must not
 * be open in this process before.
 *
 * After a restart of the machine the file is put back to its last mark. The *incarnation* changes
 * if since the last clean close on the boot before some process ran with `sync: interval` or
 * `never`, which means that acknowledged commits may be lost.
 *
 * The records file itself is not looked through here: others may be writing to it, so that takes a
 * snapshot that is held. {@link Entry.maxPages} says how much is due.
 *
 * @throws {ConfigError} LOG_MISSING when there is none and `create` is false
 * @throws {StorageError} LOG_FOREIGN, LOG_VERSION, LOG_CORRUPT
 */
export function enterLog(layout: DataLayout, options: { ahead: boolean; create: boolean }): Entry {
  checkFolder(layout, options.create);
  guarded(layout.log, () => {
    for (const folder of [layout.control, layout.records, layout.marks]) {
      makeFolder(folder);
    }
  });
  const control = openSmall(layout.control, layout.log);
  const self = thisProcess();
  const id = randomUUID();
  return control.write(() => {
    const before = readControl(layout, control);
    const openers = before.openers.filter(isAlive);
    if (!before.ready && openers.length === 0) removeUnborn(layout);
    const restarted = before.boot !== self.boot;
    const inOrder = !before.ready || wasLeftInOrder(layout, before, openers.length);
    const { doubts, maxPages } = inspectionDue(before, inOrder);
    if (before.ready) restore(layout, restarted);
    const after: Control = {
      format: logFormat,
      incarnation: restarted && before.ahead ? randomUUID() : before.incarnation,
      boot: self.boot,
      ahead: options.ahead || (before.ahead && !restarted),
      ready: before.ready,
      doubts,
      openers: [...openers, { ...self, id, ahead: options.ahead }],
    };
    writeControl(control, after);
    return { id, incarnation: after.incarnation, control, doubts, maxPages };
  });
}

/**
 * To be called after the first mark of this process: what was there before is on disk now.
 * @param foundSound the whole records file was looked through
 */
export function settleEntry(layout: DataLayout, entry: Entry, foundSound = false): void {
  entry.control.write(() => {
    const before = readControl(layout, entry.control);
    const openers = before.openers.filter(isAlive);
    removeMarks(layout.marks, new Set(openers.map((opener) => opener.id)));
    const ahead = openers.some((opener) => opener.ahead);
    const doubts = foundSound ? 0 : before.doubts;
    writeControl(entry.control, { ...before, ready: true, ahead, doubts });
  });
}

/**
 * Leaves the log after a last flush, with the environment of the records closed. The mark of this
 * process stays: it may be the latest.
 */
export function leaveLog(layout: DataLayout, entry: Entry): void {
  entry.control.write(() => {
    const before = withoutEntry(layout, entry);
    const ahead = before.openers.some((opener) => opener.ahead && isAlive(opener));
    // A process that died keeps its row: the next opening has to know of it.
    const closed = before.openers.length === 0 ? stampOf(dataFile(layout.records)) : undefined;
    writeControl(entry.control, { ...before, ahead, closed });
  });
}

/** Leaves a log that could not be opened: nothing is said about the state of its files. */
export function abandonEntry(layout: DataLayout, entry: Entry): void {
  entry.control.write(() => writeControl(entry.control, withoutEntry(layout, entry)));
}

function withoutEntry(layout: DataLayout, entry: Entry): Control {
  const control = readControl(layout, entry.control);
  return { ...control, openers: control.openers.filter(({ id }) => id !== entry.id) };
}

/**
 * Process ids of the live processes that have the log of a data folder open, without opening it.
 * Empty when there is no log.
 * @throws {StorageError} when its process table cannot be read
 */
export async function processesInside(layout: DataLayout): Promise<readonly number[]> {
  if (!existsSync(dataFile(layout.control))) return [];
  const control = openSmall(layout.control, layout.log);
  try {
    const bytes = control.get(controlKey);
    if (bytes === undefined) return [];
    const { openers } = storedJson(layout.control, bytes) as Control;
    return openers.filter(isAlive).map(({ pid }) => pid);
  } finally {
    await control.close();
  }
}

/**
 * True when nothing but a process that lives had the records file open, or nothing had, and it is
 * as the last one left it.
 */
function wasLeftInOrder(layout: DataLayout, control: Control, alive: number): boolean {
  if (alive < control.openers.length) return false;
  return alive > 0 || isAsClosed(control, dataFile(layout.records));
}

function checkFolder(layout: DataLayout, create: boolean): void {
  const foreign = (what: string): StorageError =>
    new StorageError(
      'LOG_FOREIGN',
      `"${layout.log}" ${what}: it is no log of Millrace. Name another data folder`,
    );
  if (existsSync(layout.root) && !statSync(layout.root).isDirectory()) {
    throw new StorageError(
      'LOG_FOREIGN',
      `"${layout.root}" is not a folder: name a folder for the data`,
    );
  }
  if (!existsSync(layout.log)) {
    if (create) return;
    throw new ConfigError(
      'LOG_MISSING',
      `there is no log in "${layout.root}": check the data folder, or run a topology first`,
    );
  }
  if (!statSync(layout.log).isDirectory()) throw foreign('is a file');
  const present = readdirSync(layout.log);
  if (present.length > 0 && !present.includes('control')) {
    throw foreign(`holds "${present[0]}" and no control folder`);
  }
}

function readControl(layout: DataLayout, control: Environment): Control {
  const bytes = control.get(controlKey);
  if (bytes === undefined) {
    if (latestMark(layout.marks) !== undefined) {
      throw logCorrupt(layout.log, 'its control record is missing');
    }
    return {
      format: logFormat,
      incarnation: randomUUID(),
      boot: thisProcess().boot,
      ahead: false,
      ready: false,
      openers: [],
    };
  }
  const record = storedJson(layout.control, bytes) as Control;
  if (record.format !== logFormat) {
    throw new StorageError(
      'LOG_VERSION',
      `the log in "${layout.log}" has format ${record.format}, this version of Millrace reads ` +
        `format ${logFormat}: use the version that wrote it, or another data folder`,
    );
  }
  return record;
}

function writeControl(control: Environment, record: Control): void {
  control.put(controlKey, Buffer.from(JSON.stringify(record)));
}

/** Removes what an open that never came to its first mark left behind. Nothing was acknowledged. */
function removeUnborn(layout: DataLayout): void {
  for (const name of readdirSync(layout.records)) rmSync(join(layout.records, name));
  removeMarks(layout.marks, new Set());
}

function restore(layout: DataLayout, restarted: boolean): void {
  const file = dataFile(layout.records);
  const mark = latestMark(layout.marks);
  if (mark === undefined) throw logCorrupt(layout.log, 'no mark of what is on disk is left in it');
  if (!existsSync(file)) throw logCorrupt(layout.log, `the file "${file}" is missing`);
  const { size } = statSync(file);
  if (size < mark.fileBytes) {
    throw logCorrupt(layout.log, `the file "${file}" has ${size} bytes, and had ${mark.fileBytes}`);
  }
  if (!restarted) return;
  rmSync(join(layout.records, 'lock.mdb'), { force: true });
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, mark.headPages, 0, mark.headPages.length, 0);
  fdatasyncSync(descriptor);
  closeSync(descriptor);
}
