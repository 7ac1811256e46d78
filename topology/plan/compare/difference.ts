/**
 * What an edit asks of what runs:
 *
 * - `rolling`: nothing; members of both versions may run side by side;
 * - `drain`: no member of the old version may run beside the new, and what lies in the topics that
 *   `drains` names must have been read by the old one;
 * - `rename`: the new name must say what it was called before;
 * - `migrate`: what is stored must be rewritten by a function;
 * - `rebuild`: what is stored is of no use: state must be made anew from the input;
 * - `forbidden`: it cannot be done to this application.
 */
export type Verdict = 'rolling' | 'drain' | 'rename' | 'migrate' | 'rebuild' | 'forbidden';

/** Verdicts from the mildest to the hardest. */
export const verdicts: readonly Verdict[] = [
  'rolling',
  'drain',
  'rename',
  'migrate',
  'rebuild',
  'forbidden',
];

/** One thing that is not as it was. */
export interface Difference {
  readonly verdict: Verdict;
  readonly subject: Subject;
  /** What changed, in words: a clause without a full stop. */
  readonly change: string;
  /** What it means for records and state, as far as the plans tell. */
  readonly cost?: string;
  /** Topics of the old version that must be read to their end before. */
  readonly drains?: readonly string[];
  /** Topics and stores that nothing uses any more. */
  readonly orphans?: readonly string[];
}

/** What a difference is about. */
export interface Subject {
  readonly kind:
    | 'application'
    | 'stage'
    | 'source'
    | 'store'
    | 'topic'
    | 'call'
    | 'function'
    | 'schema'
    | 'sub-topology';
  readonly name: string;
}

/** What an edit of logic means for records that were processed. */
export const otherReplay = 'a replay would give another result';

/** What an edit of logic means for state. */
export const rowsStay = 'rows that are there stay as the old version made them';

/** The hardest verdict among differences; undefined where there are none. */
export function hardest(differences: readonly Difference[]): Verdict | undefined {
  const worst = Math.max(-1, ...differences.map(({ verdict }) => verdicts.indexOf(verdict)));
  return verdicts[worst];
}

/** True when two plans may run side by side in one group. */
export function isRolling(differences: readonly Difference[]): boolean {
  return differences.every(({ verdict }) => verdict === 'rolling');
}

/** A difference as one line of text: `rebuild  store "stock": the key is …; what it costs`. */
export function differenceText(difference: Difference): string {
  const { verdict, subject, change, cost, drains, orphans } = difference;
  const after = [
    ...(cost === undefined ? [] : [cost]),
    ...(drains === undefined ? [] : [`to be read to its end first: ${drains.join(', ')}`]),
    ...(orphans === undefined ? [] : [`left behind: ${orphans.join(', ')}`]),
  ];
  const what = `${subject.kind} "${subject.name}": ${[change, ...after].join('; ')}`;
  return `${verdict.padEnd(9)} ${what}`;
}
