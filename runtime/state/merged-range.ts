import type { StoreRow } from '../../processors/store.ts';

/** A row of the working set: its key, the key's bytes, and the row (null: deleted). */
export interface StoredRow {
  readonly bytes: Buffer;
  readonly key: unknown;
  readonly row: StoreRow<unknown> | null;
}

interface Decoding {
  readonly key: (bytes: Buffer) => unknown;
  readonly row: (bytes: Buffer) => StoreRow<unknown>;
  /** Called once, when the disk's rows are used up or given up. */
  readonly done: () => void;
}

/**
 * Rows of the disk and of the working set, merged in order of key bytes; where both have a key, the
 * working set's row counts.
 */
export function* mergedRange(
  disk: Iterator<readonly [key: Buffer, row: Buffer]>,
  overlay: StoredRow[],
  alive: (row: StoreRow<unknown>) => boolean,
  decoding: Decoding,
): Generator<readonly [key: unknown, row: StoreRow<unknown>]> {
  overlay.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  let index = 0;
  try {
    for (let next = disk.next(); next.done !== true; next = disk.next()) {
      const [bytes, stored] = next.value;
      let hidden = false;
      for (; index < overlay.length; index++) {
        const { bytes: own, key, row } = overlay[index] as StoredRow;
        const order = Buffer.compare(own, bytes);
        if (order > 0) break;
        if (order === 0) hidden = true;
        if (row !== null && alive(row)) yield [key, row];
      }
      if (hidden) continue;
      const row = decoding.row(stored);
      if (alive(row)) yield [decoding.key(bytes), row];
    }
    for (; index < overlay.length; index++) {
      const { key, row } = overlay[index] as StoredRow;
      if (row !== null && alive(row)) yield [key, row];
    }
  } finally {
    disk.return?.();
    decoding.done();
  }
}
