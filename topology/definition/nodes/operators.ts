import { aggregate, count, reduce } from './aggregates.ts';
import { call } from './call-operator.ts';
import { dedupe } from './dedupe.ts';
import { filter, filterNot } from './filter.ts';
import { join } from './join.ts';
import { flatMap, flatMapValues, map, mapValues, peek } from './map.ts';
import type { OperatorTable } from './operator.ts';
import { process } from './process.ts';
import { repartition } from './repartition.ts';
import { split } from './split.ts';
import { toStream, toTable } from './tables.ts';

/** All operators that have a key, in the order of the reference. */
export const operators: readonly OperatorTable[] = [
  filter,
  filterNot,
  map,
  mapValues,
  flatMap,
  flatMapValues,
  peek,
  split,
  repartition,
  dedupe,
  process,
  call,
  count,
  reduce,
  aggregate,
  join,
  toTable,
  toStream,
];

/**
 * Operators and keys beside them that come with a later issue → further keys that then mean
 * nothing.
 */
export const laterStageKeys: Readonly<Record<string, readonly string[]>> = {
  window: ['late'],
  'windowed-by': ['late'],
  grace: [],
  suppress: [],
  cogroup: [],
  breaker: [],
  invariant: [],
  late: [],
  was: [],
};
