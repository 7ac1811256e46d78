/**
 * What became of the records of one stage (design.md, principle 4): every record that a stage takes ends as exactly one of these, and is counted once.
 * `in` counts records taken, `emitted` those that caused at least one output, `out` the outputs.
 */
export interface Outcomes {
  in: number;
  out: number;
  emitted: number;
  filtered: number;
  /** Taken into state (or into nothing, on purpose: a processor that emits nothing) without an output. */
  absorbed: number;
  late: number;
  nullKey: number;
  nullValue: number;
  unmatched: number;
  duplicate: number;
  deadLettered: number;
  /**
   * Taken by a source, and held behind an earlier record of its key that is in the dead letters. When
   * it is released it is taken again, and ends as something else.
   */
  parked: number;
}

/** Names of the counters, in the order in which they are printed and stored. */
export const outcomeNames = [
  'in',
  'out',
  'emitted',
  'filtered',
  'absorbed',
  'late',
  'nullKey',
  'nullValue',
  'unmatched',
  'duplicate',
  'deadLettered',
  'parked',
] as const satisfies readonly (keyof Outcomes)[];

/** Fresh counters, all 0. */
export function newOutcomes(): Outcomes {
  return {
    in: 0,
    out: 0,
    emitted: 0,
    filtered: 0,
    absorbed: 0,
    late: 0,
    nullKey: 0,
    nullValue: 0,
    unmatched: 0,
    duplicate: 0,
    deadLettered: 0,
    parked: 0,
  };
}

/** Adds `more` to `total`, in place: counters are the one mutable value here, owned by the batch. */
export function addOutcomes(total: Outcomes, more: Outcomes): void {
  for (const name of outcomeNames) total[name] += more[name];
}
