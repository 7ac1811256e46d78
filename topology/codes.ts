import { syntaxCodes } from './definition/codes.ts';
import { expressionCodes } from './expression/codes.ts';
import { graphCodes } from './graph/codes.ts';

/** Explanation of one problem code. */
export interface ProblemCode {
  readonly title: string;
  /** One paragraph. */
  readonly explanation: string;
  /** The mistake, and behind `#` its cure. */
  readonly example: string;
}

/** Merges tables of codes, sorted by code. The code tables are disjoint, which a test proves. */
export function mergeCodes(
  ...tables: readonly Readonly<Record<string, ProblemCode>>[]
): Readonly<Record<string, ProblemCode>> {
  const entries = tables.flatMap((table) => Object.entries(table));
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every code that `check` may report: E errors, W warnings. */
export const problemCodes = mergeCodes(syntaxCodes, expressionCodes, graphCodes);

export { syntaxCodes };
