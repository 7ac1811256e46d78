import type { StateBackend, StateWrites } from '../ports.ts';
import { ExpiryGrid, expiryKey, expiryMark, expiryTable } from './expiry.ts';
import { encodeRow } from './row-format.ts';

/** A record of a changelog, as far as a store needs it. */
export interface ChangelogRecord {
  readonly key: Uint8Array;
  /** Null: a tombstone. */
  readonly value: Uint8Array | null;
  /** Record time, ms. */
  readonly time: number;
  /** True where the record has the header `keepHeader`. */
  readonly keep: boolean;
}

/** Which store is restored. */
export interface RestoredStore {
  readonly name: string;
  readonly partition: number;
  readonly ttl: number | 'none';
}

/**
 * The writes that bring a store on disk from one changelog position to the next: hand them to
 * {@link StateBackend.apply} in one call, chunk after chunk. Nothing is decoded; of several records
 * of a key the last counts. Applying a chunk twice is as good as once.
 */
export function restoreWrites(
  store: RestoredStore,
  records: Iterable<ChangelogRecord>,
  position: number,
): readonly StateWrites[] {
  const rows: [Uint8Array, Uint8Array | null][] = [];
  const index: [Uint8Array, Uint8Array | null][] = [];
  const grid = store.ttl === 'none' ? undefined : new ExpiryGrid(store.ttl);
  for (const { key, value, time, keep } of records) {
    const ownKey = Uint8Array.from(key);
    // A log may hold times below 0; rows do not, and the oldest time there is expires as soon.
    const rowTime = Math.max(time, 0);
    rows.push([ownKey, value === null ? null : encodeRow(value, rowTime, keep)]);
    if (grid !== undefined && value !== null && !keep) {
      index.push([expiryKey(grid.bucket(rowTime), key), expiryMark]);
    }
  }
  const { name, partition } = store;
  const writes: StateWrites[] = [{ store: name, partition, rows, position }];
  if (index.length > 0) {
    writes.push({ store: expiryTable(name), partition, rows: index, position: undefined });
  }
  return writes;
}

/** Drops a store's rows, expiry index and position: it is then restored from the beginning. */
export async function wipeStore(
  backend: StateBackend,
  store: string,
  partition: number,
): Promise<void> {
  await backend.wipe(store, partition);
  await backend.wipe(expiryTable(store), partition);
}
