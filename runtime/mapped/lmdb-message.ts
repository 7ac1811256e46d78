/**
 * The message of an error that LMDB raised, without the page numbers and buffer sizes that its
 * write path adds. What is no error is shown as it is.
 * Source: `mdb_page_flush` in LMDB's mdb.c.
 */
export function lmdbMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/: Attempting to write page at position .*$/s, '');
}
