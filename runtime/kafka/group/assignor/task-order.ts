/** What stands before the partition of a task id (`0_` of `0_12`), and the partition; undefined where the id has none. */
export function splitTask(id: string): readonly [prefix: string, partition: number | undefined] {
  const match = /[_-](?=(?:0|[1-9]\d{0,8})$)/.exec(id);
  if (match === null) return [id, undefined];
  const cut = match.index + 1;
  return [id.slice(0, cut), Number(id.slice(cut))];
}

/** Compares task ids by sub-topology, then by partition as a number. */
export function compareTasks(a: string, b: string): number {
  const [prefixA, partitionA] = splitTask(a);
  const [prefixB, partitionB] = splitTask(b);
  return compareText(prefixA, prefixB) || (partitionA ?? -1) - (partitionB ?? -1);
}

/** Compares by code units: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
