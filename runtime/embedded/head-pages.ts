import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes of a page of the log's files, whatever the machine's own page size. */
export const pageBytes = 4096;

/** Bytes of the two head pages of an LMDB file; each names a state of the whole file. */
export const headBytes = 2 * pageBytes;

/** Positions in a head page, and what stands there: `MDB_page` and `MDB_meta` of LMDB, format 2. */
const layout = { flags: 18, magic: 24, version: 28, pageSize: 48, root: 136 } as const;
const metaFlag = 0x08;
const magic = 0xbeefc0de;
const version = 2;
const noPage = 0xffff_ffff_ffff_ffffn;

/**
 * What is wrong with the head of an LMDB file, or undefined. LMDB ends the process when it opens a
 * file that is none of its, so this is looked at before.
 */
export function headDamage(file: string): string | undefined {
  const damage = damageNow(file);
  if (damage === undefined) return undefined;
  // Another process may be creating the file: that is one short write.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, creationMs);
  return damageNow(file);
}

const creationMs = 50;

function damageNow(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    // LMDB begins anew with an empty file.
    if (size === 0) return undefined;
    if (size < headBytes) return `the file "${file}" has only ${size} bytes`;
    const head = Buffer.alloc(headBytes);
    readSync(descriptor, head, 0, headBytes, 0);
    const valid = [0, pageBytes].every((start) => isHeadPage(head, start, size));
    return valid ? undefined : `the file "${file}" does not begin like one of LMDB`;
  } finally {
    closeSync(descriptor);
  }
}

function isHeadPage(head: Buffer, start: number, fileBytes: number): boolean {
  const root = head.readBigUInt64LE(start + layout.root);
  return (
    (head.readUInt16LE(start + layout.flags) & metaFlag) !== 0 &&
    head.readUInt32LE(start + layout.magic) === magic &&
    head.readUInt16LE(start + layout.version) === version &&
    head.readUInt32LE(start + layout.pageSize) === pageBytes &&
    (root === noPage || (root + 1n) * BigInt(pageBytes) <= BigInt(fileBytes))
  );
}
