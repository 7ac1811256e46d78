import { filter, map, type OperatorFunction } from 'rxjs';
import { ProcessingError } from '../topology/core/errors.ts';
import type { StreamRecord } from '../topology/core/record.ts';
import { equalValues } from './canonical.ts';
import type { KeyValueStore } from './store.ts';

/**
 * RxJS's `scan`, per key and with its memory in a store, so that it does not depend on where
 * batches end: each record becomes one with the new state. `state` is undefined for the first
 * record of a key. The row's time is the record's.
 *
 * A null key ends the stage with `ProcessingError` STAGE_NULL_KEY: filter it before.
 */
export function scanByKey<K, V, S>(
  store: KeyValueStore<K, S>,
  accumulate: (state: S | undefined, record: StreamRecord<K, V>) => S,
): OperatorFunction<StreamRecord<K, V>, StreamRecord<K, S>> {
  return map((record) => {
    const key = keyOf('scanByKey', record);
    const state = accumulate(store.get(key), record);
    store.put(key, state, { time: record.time });
    return record.withValue(state);
  });
}

/**
 * RxJS's `distinctUntilChanged`, per key and with its memory in a store: passes a record if its
 * value (or what `select` takes of it) differs from that of the last record of its key that passed.
 * Equal is what is equal by content.
 *
 * A null key ends the stage with `ProcessingError` STAGE_NULL_KEY: filter it before.
 */
export function distinctByKey<K, V, S = V>(
  store: KeyValueStore<K, S>,
  select: (value: V) => S,
): OperatorFunction<StreamRecord<K, V>, StreamRecord<K, V>> {
  return filter((record) => {
    const key = keyOf('distinctByKey', record);
    const selected = select(record.value);
    const last = store.get(key);
    if (last !== undefined && equalValues(last, selected)) return false;
    store.put(key, selected, { time: record.time });
    return true;
  });
}

function keyOf<K>(operator: string, record: StreamRecord<K>): K {
  if (record.key !== null) return record.key;
  throw new ProcessingError(
    'STAGE_NULL_KEY',
    `${operator} got a record without a key: filter such records before it`,
  );
}
