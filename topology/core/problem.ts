import type { FilePosition } from './avro.ts';

/** Where in a definition: keys and indices from the root, such as `['stages', 'charge', 'operator', 'request', 'amountCents']`. */
export type DefinitionPath = readonly (string | number)[];

/**
 * One finding about a definition. Addressed by path, so that it is the same for a YAML file and for the builder; the YAML front end turns the path (and,
 * inside an expression, the offsets) into `file:line:column`.
 */
export interface Problem {
  /** Stable, documented: `E021`, `W003`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong, lower case, no trailing period; user's values quoted. */
  readonly message: string;
  readonly path: DefinitionPath;
  /** What is meant at the path: its value (default) or its key. */
  readonly on?: 'key' | 'value';
  /** Offsets (UTF-16 units, half open) inside the expression text that stands at the path. */
  readonly range?: readonly [start: number, end: number];
  /**
   * Offsets (UTF-16 units, half open) in the topology file, where no path addresses the place: broken YAML, unknown and duplicate keys. Stronger than `path`.
   */
  readonly span?: readonly [start: number, end: number];
  /** Printed behind the caret: `did you mean "quantity"?`. */
  readonly suggestion?: string;
  /** Further lines, each with an optional place: the other half of a conflict, what the type has. */
  readonly notes?: readonly ProblemNote[];
}

/** One more line of a problem. Its place (at most one of the three) is printed where the message says `{at}`, behind NAME in `NAME has …`, otherwise at the end. */
export interface ProblemNote {
  readonly message: string;
  readonly path?: DefinitionPath;
  /** Offsets in the topology file, as in {@link Problem}. */
  readonly span?: readonly [start: number, end: number];
  readonly at?: FilePosition;
}

/** The nearest of `candidates` to `name` by edit distance (Damerau–Levenshtein), if near enough to be a likely slip (≤ 1 + length / 4). */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 1 + Math.floor(name.length / 4) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    // A word of which nothing is left is no slip, however short it is.
    if (distance < bestDistance && distance < candidate.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const previous = rows[i - 1] as number[];
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(
        (previous[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (previous[j - 1] as number) + cost,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, ((rows[i - 2] as number[])[j - 2] as number) + 1);
      }
      row.push(distance);
    }
    rows.push(row);
  }
  return (rows[a.length] as number[])[b.length] as number;
}
