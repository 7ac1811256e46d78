import type { Round, Scenario } from './arbitraries.ts';

const round = { names: [], crash: undefined, losesDisk: false } as const;

function same(count: number): Round {
  return {
    ...round,
    in: Array.from({ length: count }, () => ({ key: null, value: null, time: 0 })),
  };
}

/** Scenarios that once failed. */
export const examples: readonly Scenario[] = [
  // A batch that was isolated record by record was abandoned in the turn in which it ended.
  {
    chain: [
      { op: 'process', n: 3 },
      { op: 'dedupe', retentionMs: 5, compare: false },
    ],
    rounds: [same(5)],
    partitions: 1,
    batch: 3,
    seed: 228_247,
    maxBytes: 1,
    abortEvery: 2,
    compact: false,
  },
];
