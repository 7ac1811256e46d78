import { textOfKey } from './key-text.ts';
import { fromPlain, toPlain } from '../plain-json.ts';
import type { StoreQuery, StoreRows } from './store-query.ts';
import type { HeldPartition, StoreRange, StoreViewRow } from './store-view.ts';

/** A row in JSON; keys and values as in {@link toPlain}. */
export interface RowJson {
  readonly key: unknown;
  readonly value: unknown;
  readonly time: number;
  readonly partition: number;
}

/** {@link StoreRows} in JSON. */
export interface RowsJson {
  readonly store: string;
  readonly rows: readonly RowJson[];
  /** Where the next page begins: `after` and `after-partition` of its request. */
  readonly next?: { readonly after: string; readonly partition: number };
  readonly from: readonly (HeldJson & { readonly member?: string })[];
}

interface HeldJson {
  readonly partition: number;
  readonly role: HeldPartition['role'];
  /** Of a standby. `ms` is null where it never had all that was committed. */
  readonly staleness?: { readonly records: number; readonly ms: number | null };
}

/** An answer of one member to another. */
export interface RangeJson {
  readonly rows: readonly (RowJson & { readonly bytes: string })[];
  readonly more: boolean;
  readonly from: readonly HeldJson[];
  readonly restoring: readonly number[];
}

/** An answer, in JSON. */
export function rowsJson(
  { store, key }: Pick<StoreQuery, 'store' | 'key'>,
  { rows, next, from }: StoreRows,
): RowsJson {
  return {
    store,
    rows: rows.map((row) => rowJson(row)),
    ...(next === undefined
      ? {}
      : { next: { after: textOfKey(next.key, key), partition: next.partition } }),
    from: from.map((it) => ({
      ...heldJson(it),
      ...(it.member === undefined ? {} : { member: it.member }),
    })),
  };
}

/** A member's answer, in JSON. */
export function rangeJson({ rows, more, from, restoring }: StoreRange): RangeJson {
  return {
    rows: rows.map((row) => ({ ...rowJson(row), bytes: row.bytes.toString('base64') })),
    more,
    from: from.map((it) => heldJson(it)),
    restoring,
  };
}

/** The range of {@link rangeJson}. */
export function rangeOf({ rows, more, from, restoring }: RangeJson): StoreRange {
  return {
    rows: rows.map((row) => ({ ...rowOf(row), bytes: Buffer.from(row.bytes, 'base64') })),
    more,
    from: from.map((it) => heldOf(it)),
    restoring,
  };
}

function rowJson({ key, value, time, partition }: StoreViewRow): RowJson {
  return { key: toPlain(key), value: toPlain(value), time, partition };
}

function rowOf({ key, value, time, partition }: RowJson): Omit<StoreViewRow, 'bytes'> {
  return { key: fromPlain(key), value: fromPlain(value), time, partition };
}

function heldJson({ partition, role, staleness }: HeldPartition): HeldJson {
  if (staleness === undefined) return { partition, role };
  const { records, ms } = staleness;
  return { partition, role, staleness: { records, ms: ms ?? null } };
}

function heldOf({ partition, role, staleness }: HeldJson): HeldPartition {
  if (staleness === undefined) return { partition, role, staleness: undefined };
  const { records, ms } = staleness;
  return { partition, role, staleness: { records, ms: ms ?? undefined } };
}
