import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32c } from '@node-rs/crc32';
import { headBytes } from './head-pages.ts';

/** What tells that nobody has written to a file. */
export interface FileStamp {
  readonly bytes: number;
  /** When it was changed last, ms since epoch. */
  readonly changedMs: number;
  /** CRC-32C of its head pages, which name its last transaction. */
  readonly head: number;
}

/** What is kept beside an LMDB file about how it was left. */
export interface ClosingNote {
  /**
   * The file as it was closed in order; undefined: a process has it open, or died while it had.
   * A process may die of damage in the file: so nothing but this says that the file need not be
   * looked through.
   */
  readonly closed?: FileStamp | undefined;
  /** Openings, since the file was last found sound, before which it had not been left in order. */
  readonly doubts?: number | undefined;
}

/**
 * Pages that an opening looks at after a process died: well under a second, even where each is
 * read from the disk. All of a file of 400 MB, of which many are values.
 */
export const promptPages = 100_000;

/** The stamp of a file, or undefined when there is none or it has no head. */
export function stampOf(file: string): FileStamp | undefined {
  if (!existsSync(file)) return undefined;
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(headBytes);
    if (readSync(descriptor, head, 0, headBytes, 0) < headBytes) return undefined;
    const { size, mtimeMs } = fstatSync(descriptor);
    return { bytes: size, changedMs: mtimeMs, head: crc32c(head) };
  } finally {
    closeSync(descriptor);
  }
}

/** True when the file is as the note says that it was closed. */
export function isAsClosed(note: ClosingNote, file: string): boolean {
  const { closed } = note;
  if (closed === undefined) return false;
  const stamp = stampOf(file);
  return (
    stamp !== undefined &&
    stamp.bytes === closed.bytes &&
    stamp.changedMs === closed.changedMs &&
    stamp.head === closed.head
  );
}

/**
 * How much of a file has to be looked at before it is used: nothing when it was left in order, a
 * bounded part after a process died, all of it when that happened again before the file was once
 * found sound as a whole: then damage may be why.
 */
export function inspectionDue(
  note: ClosingNote,
  inOrder: boolean,
): { readonly doubts: number; readonly maxPages: number } {
  const doubts = (note.doubts ?? 0) + (inOrder ? 0 : 1);
  if (doubts >= 2) return { doubts, maxPages: Infinity };
  return { doubts, maxPages: inOrder ? 0 : promptPages };
}
