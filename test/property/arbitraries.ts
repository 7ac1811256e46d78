import * as fc from 'fast-check';
import type { SentRecord } from '../../runtime/testing/index.ts';
import type { CrashPoint } from '../../runtime/testing/index.ts';
import { type Chain, feedsItself, moves, readsTableElsewhere, type Step } from './chain.ts';

const n = fc.integer({ min: 2, max: 5 });
const by = fc.option(n, { nil: undefined });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constantFrom('filter' as const, 'filter-not' as const), n }),
  fc.record({ op: fc.constantFrom('map-values' as const, 'flat-map-values' as const), n }),
  fc.record({ op: fc.constant('re-key' as const), n }),
  fc.record({ op: fc.constantFrom('map' as const, 'side' as const) }),
  fc.record({ op: fc.constant('split-merge' as const), n }),
  fc.record({
    op: fc.constant('dedupe' as const),
    retentionMs: fc.constantFrom(5, 20, 1000),
    compare: fc.boolean(),
  }),
  fc.record({ op: fc.constantFrom('count' as const, 'reduce' as const, 'aggregate' as const), by }),
  fc.record({ op: fc.constant('table-sum' as const), n }),
  fc.record({ op: fc.constant('to-table' as const) }),
  fc.record({ op: fc.constant('join' as const), left: fc.boolean() }),
  fc.record({ op: fc.constant('global-join' as const), left: fc.boolean(), n }),
  fc.record({ op: fc.constant('process' as const), n: fc.integer({ min: 3, max: 8 }) }),
);

/** One round: what is sent at once and processed to the end. */
export interface Round {
  readonly in: readonly SentRecord[];
  readonly names: readonly SentRecord[];
  /** Point at which the engine crashes, and how often it is passed before. */
  readonly crash: readonly [CrashPoint, number] | undefined;
  /** Afterwards the engine crashes and the disk is gone: stores are restored from the log. */
  readonly losesDisk: boolean;
}

export interface Scenario {
  readonly chain: Chain;
  readonly rounds: readonly Round[];
  readonly partitions: number;
  /** Largest batch, and the seed of the cuts. */
  readonly batch: number;
  readonly seed: number;
  /** Bytes at which a transaction is committed: 1 commits after every batch. */
  readonly maxBytes: number;
  /** Every so many commits one is aborted by the log; 0: none. */
  readonly abortEvery: number;
  /** The table's topic is compacted, and its changelog. */
  readonly compact: boolean;
}

const crashPoint: fc.Arbitrary<CrashPoint> = fc.constantFrom(
  'batch.completed',
  'commit.begin',
  'commit.logged',
  'commit.applied',
);

/** A record with out-of-order times; keys and values null now and then where `nulls` says so. */
function record(nulls: boolean): fc.Arbitrary<SentRecord> {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const value = fc.integer({ min: 0, max: 60 });
  return fc.record({
    key: nulls ? fc.option(key, { freq: 12 }) : key,
    value: nulls ? fc.option(value, { freq: 8 }) : value,
    time: fc.integer({ min: 0, max: 100 }),
  });
}

/**
 * Random chains, records, cuts, transactions and crashes. Where records move between partitions
 * there is one partition, and a table that is read behind the move is complete before: otherwise
 * the order would be a matter of timing.
 */
export function scenario(options: { nulls: boolean }): fc.Arbitrary<Scenario> {
  const tail: fc.Arbitrary<Step> = fc.record({ op: fc.constant('async' as const), n });
  const chain = fc
    .tuple(fc.array(step, { minLength: 1, maxLength: 5 }), fc.option(tail, { freq: 2 }))
    .map(([steps, last]): Chain => (last === null ? steps : [...steps, last]))
    .filter((it) => !feedsItself(it));
  const round = fc.record({
    in: fc.array(record(options.nulls), { minLength: 0, maxLength: 12 }),
    names: fc.array(record(options.nulls), { maxLength: 4 }),
    crash: fc.option(fc.tuple(crashPoint, fc.integer({ min: 0, max: 3 })), { nil: undefined }),
    losesDisk: fc.boolean(),
  });
  return fc
    .record({
      chain,
      rounds: fc.array(round, { minLength: 1, maxLength: 4 }),
      partitions: fc.integer({ min: 1, max: 3 }),
      batch: fc.constantFrom(1, 2, 3, 5, 1000),
      seed: fc.integer({ min: 1, max: 1_000_000 }),
      maxBytes: fc.constantFrom(1, 200, 1_000_000),
      abortEvery: fc.constantFrom(0, 0, 2, 3),
      compact: fc.boolean(),
    })
    .map((it) => ({
      ...it,
      partitions: it.chain.some(moves) ? 1 : it.partitions,
      rounds: orderly(it.chain, it.rounds),
    }));
}

/** Scenarios that the plain model can follow: no nulls, nothing fails or expires, names first. */
export function modelScenario(): fc.Arbitrary<Scenario> {
  return scenario({ nulls: false }).map((it) => ({
    ...it,
    partitions: 1,
    chain: it.chain.map((step) => {
      if (step.op === 'process') return { ...step, n: Number.MAX_SAFE_INTEGER };
      return step.op === 'dedupe' ? { ...step, retentionMs: 1_000_000 } : step;
    }),
    rounds: namesFirst(it.rounds),
  }));
}

function namesFirst(rounds: readonly Round[]): readonly Round[] {
  const names = rounds.flatMap((it) => it.names);
  const first: Round = { in: [], names, crash: undefined, losesDisk: false };
  return [first, ...rounds.map((it) => ({ ...it, names: [] }))];
}

function orderly(chain: Chain, rounds: readonly Round[]): readonly Round[] {
  if (!chain.some(({ op }) => op === 'join')) return rounds.map((it) => ({ ...it, names: [] }));
  if (!readsTableElsewhere(chain)) return rounds;
  return namesFirst(rounds);
}
