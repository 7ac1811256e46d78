import { StreamRecord } from '../topology/core/record.ts';
import type { KeyValueStore } from './store.ts';

/**
 * Writes rows of a table: null deletes. One per attempt of a stage, since it reuses its options
 * object (no allocation per record).
 */
export class RowWriter {
  readonly store: KeyValueStore;
  readonly #options = { time: 0 };

  constructor(store: KeyValueStore) {
    this.store = store;
  }

  write(key: unknown, value: unknown, time: number): void {
    if (value === null) {
      this.store.delete(key);
      return;
    }
    this.#options.time = time;
    this.store.put(key, value, this.#options);
  }
}

/**
 * A change of a row: `value` is the new row, `old` the one before (null: none; undefined: not
 * tracked). Headers and origin are those of `record`.
 */
export function change(
  record: StreamRecord,
  key: unknown,
  value: unknown,
  old: unknown,
  time: number,
): StreamRecord {
  return new StreamRecord(
    key,
    value,
    time,
    record.headers,
    record.topic,
    record.partition,
    record.offset,
    old,
  );
}
