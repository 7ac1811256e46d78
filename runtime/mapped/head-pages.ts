import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes of a page of our LMDB files, whatever the machine's own page size. */
export const pageBytes = 4096;

/** Bytes of the two head pages of an LMDB file; each names a state of the whole file. */
export const headBytes = 2 * pageBytes;

/** The number that stands in for a page where a tree is empty. */
const noPage = 0xffff_ffff_ffff_ffffn;

/**
 * Where things stand in a head page: `MDB_page`, `MDB_meta` and `MDB_db` of LMDB, data format 2,
 * with a page header of 24 bytes as LMDB 1.0 has it.
 */
const layout = {
  flags: 18,
  magic: 24,
  version: 28,
  pageSize: 48,
  freeTree: 48,
  mainTree: 96,
  lastPage: 144,
  transaction: 152,
} as const;
/** Where things stand in the description of a tree. */
const treeLayout = { depth: 6, root: 40 } as const;
const metaFlag = 0x08;
const magic = 0xbeefc0de;
const version = 2;

/** A B-tree of an LMDB file, as its description in the head or in the main tree has it. */
export interface Tree {
  /** Levels, leaves included; 0: it is empty. */
  readonly depth: number;
  /** Page number of the root; undefined: it is empty. */
  readonly root: number | undefined;
}

/** The state of a file that a head page names. */
export interface Head {
  /** The transaction that wrote it. */
  readonly transaction: number;
  /** The greatest page number that is in use. The file may be shorter when its last pages are free. */
  readonly lastPage: number;
  /** Tree of the pages that can be used again. */
  readonly freeTree: Tree;
  readonly mainTree: Tree;
}

/**
 * What is wrong with the head of an LMDB file, or undefined; undefined as well for a file that is
 * missing or empty, with which LMDB begins anew. To be asked before LMDB opens the file: it ends
 * the process over a file that is none of its.
 */
export function headDamage(file: string): string | undefined {
  const damage = damageNow(file);
  if (damage === undefined) return undefined;
  // Another process may be creating the file: that is one short write.
  pause(creationMs);
  return damageNow(file);
}

/** How long another process may take to make a file, ms. */
export const creationMs = 50;

/** Blocks for some ms, for another process to finish what it writes. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The state that a head names: of the two pages the newer counts, as for LMDB. */
export function parseHead(head: Buffer): Head {
  const transactionOf = (page: Buffer): bigint => page.readBigUInt64LE(layout.transaction);
  const [one, two] = [head.subarray(0, pageBytes), head.subarray(pageBytes, headBytes)] as const;
  const page = transactionOf(one) >= transactionOf(two) ? one : two;
  return {
    transaction: Number(transactionOf(page)),
    lastPage: Number(page.readBigUInt64LE(layout.lastPage)),
    freeTree: parseTree(page, layout.freeTree),
    mainTree: parseTree(page, layout.mainTree),
  };
}

/** The tree whose description, 48 bytes long, begins at `start`. */
export function parseTree(bytes: Buffer, start: number): Tree {
  const root = bytes.readBigUInt64LE(start + treeLayout.root);
  return {
    depth: bytes.readUInt16LE(start + treeLayout.depth),
    root: root === noPage ? undefined : Number(root),
  };
}

function damageNow(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) return undefined;
    if (size < headBytes) return `the file "${file}" has only ${size} bytes`;
    const head = Buffer.alloc(headBytes);
    readSync(descriptor, head, 0, headBytes, 0);
    const valid = [0, pageBytes].every((start) => isHeadPage(head.subarray(start), size));
    return valid ? undefined : `the file "${file}" does not begin like one of LMDB`;
  } finally {
    closeSync(descriptor);
  }
}

function isHeadPage(page: Buffer, fileBytes: number): boolean {
  const { root } = parseTree(page, layout.mainTree);
  return (
    (page.readUInt16LE(layout.flags) & metaFlag) !== 0 &&
    page.readUInt32LE(layout.magic) === magic &&
    page.readUInt16LE(layout.version) === version &&
    page.readUInt32LE(layout.pageSize) === pageBytes &&
    (root === undefined || (root + 1) * pageBytes <= fileBytes)
  );
}
