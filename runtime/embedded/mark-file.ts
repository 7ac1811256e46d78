import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { unlinkSync, write, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32c } from '@node-rs/crc32';
import { headBytes, pageBytes } from '../mapped/head-pages.ts';

/**
 * A flushed state of the log: the two head pages of LMDB's file as they were at a transaction whose
 * pages are all on disk.
 */
export interface Mark {
  readonly transaction: number;
  /** Bytes of LMDB's file at that time; it never shrinks. */
  readonly fileBytes: number;
  readonly headPages: Buffer;
}

const magic = 0x4d4c4d31;
const fieldBytes = pageBytes;
const slotBytes = fieldBytes + headBytes;

/**
 * The marks of one process. Two slots are written in turn, each with a checksum, so that a machine
 * that dies while one is written still has the other. Writes wait for the disk.
 */
export class MarkFile {
  readonly path: string;
  private readonly descriptor: number;
  private slot = 0;

  constructor(folder: string, id: string) {
    this.path = join(folder, `${id}.mark`);
    const flags = constants.O_CREAT | constants.O_RDWR | (constants.O_DSYNC ?? constants.O_SYNC);
    this.descriptor = openSync(this.path, flags, 0o664);
    // Both slots get their blocks now: a full disk cannot keep a later mark from being written.
    writeSync(this.descriptor, Buffer.alloc(2 * slotBytes), 0, 2 * slotBytes, 0);
  }

  writeSync(mark: Mark): void {
    writeSync(this.descriptor, encodeMark(mark), 0, slotBytes, this.nextPosition());
  }

  async write(mark: Mark): Promise<void> {
    const bytes = encodeMark(mark);
    await promisify(write)(this.descriptor, bytes, 0, slotBytes, this.nextPosition());
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private nextPosition(): number {
    this.slot = 1 - this.slot;
    return this.slot * slotBytes;
  }
}

/** The mark of the latest transaction among all files of the folder; undefined: there is none. */
export function latestMark(folder: string): Mark | undefined {
  let latest: Mark | undefined;
  for (const name of markNames(folder)) {
    const bytes = readFileSync(join(folder, name));
    for (let start = 0; start + slotBytes <= bytes.length; start += slotBytes) {
      const mark = decodeMark(bytes.subarray(start, start + slotBytes));
      if (mark !== undefined && mark.transaction > (latest?.transaction ?? -1)) latest = mark;
    }
  }
  return latest;
}

/** Removes the files whose id is not in `keep`. */
export function removeMarks(folder: string, keep: ReadonlySet<string>): void {
  for (const name of markNames(folder)) {
    if (!keep.has(name.slice(0, -'.mark'.length))) unlinkSync(join(folder, name));
  }
}

function markNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith('.mark'));
}

function encodeMark(mark: Mark): Buffer {
  const slot = Buffer.alloc(slotBytes);
  slot.writeUInt32BE(magic, 0);
  slot.writeDoubleBE(mark.transaction, 8);
  slot.writeDoubleBE(mark.fileBytes, 16);
  mark.headPages.copy(slot, fieldBytes);
  slot.writeUInt32BE(crc32c(slot.subarray(8)), 4);
  return slot;
}

function decodeMark(slot: Buffer): Mark | undefined {
  if (slot.readUInt32BE(0) !== magic) return undefined;
  if (slot.readUInt32BE(4) !== crc32c(slot.subarray(8))) return undefined;
  return {
    transaction: slot.readDoubleBE(8),
    fileBytes: slot.readDoubleBE(16),
    headPages: Buffer.from(slot.subarray(fieldBytes)),
  };
}
