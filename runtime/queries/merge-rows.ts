/** A row with its place: rows are in the order of key bytes, then of partitions. */
export interface OrderedRow {
  readonly bytes: Buffer;
  readonly partition: number;
}

/** Rows in order, and whether their source has more behind the last one. */
export interface SortedRows<T> {
  readonly rows: readonly T[];
  readonly more: boolean;
}

/**
 * The first rows of several sources, at most `limit`. Where a source that has more gave few rows (they were large), rows behind its last one are left out:
 * what it did not give may come before them.
 */
export function mergeRows<T extends OrderedRow>(
  sources: readonly SortedRows<T>[],
  limit: number,
): SortedRows<T> {
  const cuts = sources.flatMap(({ rows, more }) => (more ? (rows.at(-1) ?? []) : []));
  const last = cuts.toSorted(compareRows)[0];
  const all = sources.flatMap(({ rows }) => rows).toSorted(compareRows);
  const known = last === undefined ? all : all.filter((row) => compareRows(row, last) <= 0);
  return { rows: known.slice(0, limit), more: last !== undefined || known.length > limit };
}

function compareRows(a: OrderedRow, b: OrderedRow): number {
  return Buffer.compare(a.bytes, b.bytes) || a.partition - b.partition;
}
