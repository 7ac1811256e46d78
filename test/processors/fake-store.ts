import { canonicalText } from '../../processors/canonical.ts';
import type { KeyValueStore, StoreRow } from '../../processors/store.ts';

/** A store in memory, keyed by content, in order of its keys' text. Keeps no ttl. */
export class FakeStore<K = unknown, V = unknown> implements KeyValueStore<K, V> {
  readonly #rows = new Map<string, readonly [key: K, row: StoreRow<V>]>();
  readonly #now: () => number;

  constructor(now: () => number = () => -1) {
    this.#now = now;
  }

  get(key: K): V | undefined {
    return this.row(key)?.value;
  }

  row(key: K): StoreRow<V> | undefined {
    return this.#rows.get(canonicalText(key))?.[1];
  }

  range(): Iterable<readonly [key: K, row: StoreRow<V>]> {
    return [...this.#rows.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, it]) => it);
  }

  put(key: K, value: V, options: { time?: number; keep?: boolean } = {}): void {
    const row = { value, time: options.time ?? this.#now(), keep: options.keep ?? false };
    this.#rows.set(canonicalText(key), [key, row]);
  }

  delete(key: K): void {
    this.#rows.delete(canonicalText(key));
  }

  /** Key, value and time of each row. */
  rows(): (readonly [K, V, number])[] {
    return [...this.range()].map(([key, { value, time }]) => [key, value, time] as const);
  }
}
