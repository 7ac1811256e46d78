import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** Page size of the state's LMDB files, whatever the machine's own. */
export const pageBytes = 4096;

/**
 * Where things stand in each of the two head pages of an LMDB file, format 2 (`MDB_page` and
 * `MDB_meta` of `mdb.c`).
 */
const layout = {
  flags: 18,
  magic: 24,
  version: 28,
  pageSize: 48,
  lastPage: 144,
  transaction: 152,
} as const;
const headFlag = 0x08;
const magic = 0xbeefc0de;
const version = 2;

/**
 * Why a file cannot be one of LMDB's, or undefined. To be asked before LMDB opens the file: its
 * binding ends the process over a file that is none.
 */
export function headProblem(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    // LMDB starts afresh with an empty file.
    if (size === 0) return undefined;
    const head = Buffer.alloc(2 * pageBytes);
    const complete = readSync(descriptor, head, 0, head.length, 0) === head.length;
    if (complete && isHead(head.subarray(0, pageBytes)) && isHead(head.subarray(pageBytes))) {
      return undefined;
    }
    return `"${file}" does not begin like a file of LMDB`;
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes that the pages in use take, by the newer head of a file in which {@link headProblem} finds nothing; 0 for a new file. */
export function usedBytes(file: string): number {
  if (!existsSync(file)) return 0;
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(2 * pageBytes);
    if (readSync(descriptor, head, 0, head.length, 0) < head.length) return 0;
    const [one, two] = [head.subarray(0, pageBytes), head.subarray(pageBytes)] as const;
    const at = layout.transaction;
    const newer = one.readBigUInt64LE(at) > two.readBigUInt64LE(at) ? one : two;
    return (Number(newer.readBigUInt64LE(layout.lastPage)) + 1) * pageBytes;
  } finally {
    closeSync(descriptor);
  }
}

function isHead(page: Buffer): boolean {
  return (
    (page.readUInt16LE(layout.flags) & headFlag) !== 0 &&
    page.readUInt32LE(layout.magic) === magic &&
    page.readUInt16LE(layout.version) === version &&
    page.readUInt32LE(layout.pageSize) === pageBytes
  );
}
