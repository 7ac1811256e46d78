/** The part of a task id before its partition, `0` of `0_12`; the whole id where it has none. */
export function subTopologyOf(id: string): string {
  const cut = cutOf(id);
  return cut === undefined ? id : id.slice(0, cut);
}

/** Compares task ids by sub-topology, then by partition as a number. */
export function compareTasks(a: string, b: string): number {
  const cutA = cutOf(a);
  const cutB = cutOf(b);
  if (cutA === undefined || cutB === undefined) return compareText(a, b);
  const prefixes = compareText(a.slice(0, cutA), b.slice(0, cutB));
  return prefixes === 0 ? Number(a.slice(cutA + 1)) - Number(b.slice(cutB + 1)) : prefixes;
}

/** Compares by code units: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Where `_` or `-` stands before the number at the end. */
function cutOf(id: string): number | undefined {
  const match = /[_-](?=(?:0|[1-9]\d{0,8})$)/.exec(id);
  return match === null ? undefined : match.index;
}
