import { pageBytes } from './head-pages.ts';
import type { Head } from './head-pages.ts';
import type { PageReader } from './page-reader.ts';

/**
 * The pages of a B-tree of LMDB: `MDB_page` and `MDB_node`, data format 2 with a page header of 24
 * bytes. Offsets within a page count from the end of its header.
 */
export const pageHeaderBytes = 24;
/** Bytes of a node before its key. */
export const nodeHeaderBytes = 8;
/** What a node holds whose value lies in pages of its own: first page, transaction, pages. */
export const overflowBytes = 24;
/** What a node holds that describes a tree. */
export const treeBytes = 48;

export const branchPage = 0x01;
export const leafPage = 0x02;
export const overflowPage = 0x04;
/** The flags that a page on disk is told by; the others are of a page in memory. */
const kindMask = 0x7f;

/** Flags of a node in a leaf. */
export const bigNode = 0x01;
export const treeNode = 0x02;

const roomBytes = pageBytes - pageHeaderBytes;

/** An unsigned integer of 64 bits of `longs`, as a number; inexact where it is no page anyway. */
export function long(longs: Uint32Array, index: number): number {
  return (longs[index] as number) + (longs[index + 1] as number) * 0x1_0000_0000;
}

/**
 * What is wrong with the header of the page at `at`, or undefined: each page says its own number,
 * what kind it is, and which transaction wrote it.
 */
export function headerDamage(
  { longs, words }: PageReader,
  at: number,
  expected: { readonly page: number; readonly kind: number },
  { lastPage, transaction: last }: Head,
): string | undefined {
  const number = long(longs, at / 4);
  if (number !== expected.page) {
    return number > 1 && number <= lastPage ? `it holds page ${number}` : 'it holds no page';
  }
  const kind = (words[at / 2 + 9] as number) & kindMask;
  if (kind !== expected.kind) return `it is of kind ${kind}, not ${expected.kind}`;
  const transaction = long(longs, at / 4 + 2);
  if (transaction <= last) return undefined;
  return `it is of transaction ${transaction}, after the last, ${last}`;
}

/** The number of nodes of the page at `at`, or -1 when its bounds are impossible. */
export function nodeCount({ words }: PageReader, at: number): number {
  const lower = words[at / 2 + 10] as number;
  const upper = words[at / 2 + 11] as number;
  return lower % 2 === 0 && lower <= upper && upper <= roomBytes ? lower / 2 : -1;
}

/** Bytes of the page at `at` that its nodes take. */
export function nodeRoom({ words }: PageReader, at: number): number {
  return roomBytes - (words[at / 2 + 11] as number);
}

/**
 * The place of a node of the page at `at`, in words of 16 bits, or -1 when it would begin outside
 * the part of the page that holds nodes.
 */
export function nodeAt({ words }: PageReader, at: number, index: number): number {
  const offset = words[at / 2 + pageHeaderBytes / 2 + index] as number;
  const upper = words[at / 2 + 11] as number;
  const fits = offset % 2 === 0 && offset >= upper && offset + nodeHeaderBytes <= roomBytes;
  return fits ? (at + pageHeaderBytes + offset) / 2 : -1;
}

/** Bytes that a node of this key and value takes in its page, rounded up as LMDB does. */
export function nodeBytes(keyBytes: number, valueBytes: number): number {
  const bytes = nodeHeaderBytes + keyBytes + valueBytes;
  return bytes + (bytes % 2);
}

/** True when a node of so many bytes ends within the page at `at`. */
export function nodeEnds(at: number, node: number, bytes: number): boolean {
  return node * 2 + bytes <= at + pageBytes;
}
