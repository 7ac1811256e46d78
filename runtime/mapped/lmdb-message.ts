/**
 * The message of an error that LMDB raised, without the page numbers and buffer sizes that its
 * write path adds. What is no error is shown as it is.
 * Source: `mdb_page_flush` in LMDB's mdb.c.
 */
export function lmdbMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/: Attempting to write page at position .*$/s, '');
}

const fullCodes: ReadonlySet<unknown> = new Set([
  // LMDB reports a short write as EIO; the system cuts a write short when the disk runs full.
  5,
  28,
  27,
  122,
  'ENOSPC',
  'EFBIG',
  'EDQUOT',
  -30792, // MDB_MAP_FULL
]);

/** True for an error of LMDB or of the file system which says that the disk, or what may be used of it, is full. */
export function isFull(error: unknown): boolean {
  return fullCodes.has((error as { readonly code?: unknown } | undefined)?.code);
}
