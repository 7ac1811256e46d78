import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inspectionDue, isAsClosed, stampOf } from '../mapped/closing-note.ts';
import type { ClosingNote } from '../mapped/closing-note.ts';
import { creationMs, pause } from '../mapped/head-pages.ts';
import { makeFolder } from '../mapped/make-folder.ts';
import { inspectFile } from '../mapped/tree-inspection.ts';

/** The file of an application's state, looked at before LMDB does, which would end the process. */
export class StateFile {
  readonly #folder: string;
  readonly #path: string;
  readonly #notePath: string;
  #doubts = 0;

  /** @param folder `<data>/state/<application>`. Nothing is read or made yet. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, 'data.mdb');
    this.#notePath = join(folder, 'closing.json');
  }

  /**
   * Makes the folder if there is none, and looks through the file, unless it is as it was closed.
   * Only the owner of the application may call it.
   * @throws {DamagedFile} when LMDB must not open it; what the file system throws
   */
  enter(): void {
    makeFolder(this.#folder);
    if (!existsSync(this.#path)) {
      accessSync(this.#folder, constants.R_OK | constants.W_OK);
      return;
    }
    accessSync(this.#path, constants.R_OK | constants.W_OK);
    if (this.#isEmpty()) throw new DamagedFile(`the file "${this.#path}" is empty`);
    const note = readNote(this.#notePath);
    const { doubts, maxPages } = inspectionDue(note, isAsClosed(note, this.#path));
    this.#doubts = doubts;
    // From here on the file is open: who dies now leaves it without a stamp.
    rmSync(this.#notePath, { force: true });
    this.#write({ doubts });
    if (maxPages === 0) return;
    const { damage, whole } = inspectFile(this.#path, { maxPages });
    if (damage !== undefined) throw new DamagedFile(damage);
    if (whole) this.#doubts = 0;
    this.#write({ doubts: this.#doubts });
  }

  /** Notes that LMDB has closed the file in order. */
  leave(): void {
    this.#write({ doubts: this.#doubts, closed: stampOf(this.#path) });
  }

  #isEmpty(): boolean {
    if (statSync(this.#path).size > 0) return false;
    // A process that starts at the same moment and will be refused, or refuse us, may be making it.
    pause(creationMs);
    return statSync(this.#path).size === 0;
  }

  #write(note: ClosingNote): void {
    try {
      writeFileSync(this.#notePath, JSON.stringify(note));
    } catch {
      // The disk is full. Without a note, or with half of one, the next start looks at the file.
    }
  }
}

/** The file is none of LMDB's, or was cut or written over. */
export class DamagedFile extends Error {}

/** LMDB's own words for a file that is none of its, or broken. */
export function isCorruption(error: unknown): error is Error {
  if (error instanceof DamagedFile) return true;
  return (
    error instanceof Error &&
    /MDB_INVALID|MDB_CORRUPTED|MDB_PAGE_NOTFOUND|MDB_PANIC|MDB_VERSION_MISMATCH|MDB_BAD_VALSIZE|MDB_PROBLEM/.test(
      error.message,
    )
  );
}

function readNote(path: string): ClosingNote {
  try {
    const note: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof note === 'object' && note !== null ? note : {};
  } catch {
    // There is none, or half of one.
    return {};
  }
}
