/** One row: its value and its time (ms). `keep` rows do not expire whatever the store's ttl. */
export interface StoreRow<V> {
  readonly value: V;
  readonly time: number;
  readonly keep: boolean;
}

/** Read side of a key-value store. Synchronous: what is not in memory is read from the disk store at once. */
export interface ReadOnlyKeyValueStore<K = unknown, V = unknown> {
  /** The value, or undefined where there is no row (or an expired one). */
  get(key: K): V | undefined;
  /** The row, or undefined. The same object until the row is written again. */
  row(key: K): StoreRow<V> | undefined;
  /** Rows whose key bytes lie in `[from, to)`, in order of key bytes; either bound may be absent. A snapshot as of the call. */
  range(bounds?: { from?: K; to?: K }): Iterable<readonly [key: K, row: StoreRow<V>]>;
}

/**
 * A task's key-value store, as a stage sees it during one attempt: reads see the attempt's own writes (invariant E2), writes vanish if the attempt fails.
 *
 * **Gotchas** Values are shared, not copied: never mutate what `get` returned, put a new value.
 */
export interface KeyValueStore<K = unknown, V = unknown> extends ReadOnlyKeyValueStore<K, V> {
  /**
   * Writes a row. `time` starts its ttl (@defaultValue the task's stream time); `keep: true` exempts the row from the ttl until it is written again.
   */
  put(key: K, value: V, options?: { time?: number; keep?: boolean }): void;
  delete(key: K): void;
}
