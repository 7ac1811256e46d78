import { type Chain, type Step, worldRows } from './chain.ts';

/** A record of the model. */
export interface PlainRecord {
  readonly key: string;
  readonly value: number;
  readonly time: number;
}

type Apply = (record: PlainRecord) => readonly PlainRecord[];

/**
 * What a chain makes of records that come one at a time: plain maps and arrays, written from what
 * Kafka Streams documents. No nulls, no failures, nothing expires; `names` is complete before.
 */
export function modelOf(
  chain: Chain,
  input: readonly PlainRecord[],
  names: readonly PlainRecord[],
): readonly PlainRecord[] {
  const table = new Map(names.map(({ key, value }) => [key, value]));
  const steps = chain.map((step) => apply(step, table));
  return input.flatMap((record) =>
    steps.reduce<readonly PlainRecord[]>((records, step) => records.flatMap(step), [record]),
  );
}

function apply(step: Step, names: ReadonlyMap<string, number>): Apply {
  switch (step.op) {
    case 'filter':
      return (it) => (it.value % step.n === 0 ? [it] : []);
    case 'filter-not':
      return (it) => (it.value % step.n === 0 ? [] : [it]);
    case 'map-values':
      return (it) => [{ ...it, value: it.value + step.n }];
    case 'flat-map-values':
      return (it) => [it, { ...it, value: it.value + step.n }];
    case 're-key':
      return (it) => [{ ...it, key: group(it, step.n) }];
    case 'map':
      return (it) => [{ ...it, key: `${it.key}.`, value: it.value * 2 }];
    case 'async':
    case 'side':
    case 'split-merge':
    case 'to-table':
      return (it) => [it];
    case 'dedupe':
      return dedupe();
    case 'count':
      return aggregate(
        step.by,
        () => 1,
        (count) => count + 1,
      );
    case 'reduce':
      return aggregate(
        step.by,
        (value) => value,
        (sum, value) => sum + value,
      );
    case 'aggregate': {
      const add = (aggregate: number, value: number) => (aggregate * 3 + value) % 1000;
      return aggregate(step.by, (value) => add(7, value), add);
    }
    case 'table-sum':
      return tableSum(step.n);
    case 'join':
      return (it) => {
        const right = names.get(it.key);
        if (right === undefined) return step.left ? [it] : [];
        return [{ ...it, value: it.value + right }];
      };
    case 'global-join':
      return (it) => {
        const right = world.get(String(it.value % step.n));
        if (right === undefined) return step.left ? [it] : [];
        return [{ ...it, value: it.value + right }];
      };
    case 'process':
      return runningSum();
  }
}

function group({ key, value }: PlainRecord, by: number | undefined): string {
  return by === undefined ? key : String(value % by);
}

const world = new Map(worldRows.map(({ key, value }) => [key, value]));

function dedupe(): Apply {
  const seen = new Set<string>();
  return (it) => {
    if (seen.has(it.key)) return [];
    seen.add(it.key);
    return [it];
  };
}

/** The row's time is the largest of its records. */
function aggregate(
  by: number | undefined,
  first: (value: number) => number,
  add: (aggregate: number, value: number) => number,
): Apply {
  const rows = new Map<string, PlainRecord>();
  return (it) => {
    const key = group(it, by);
    const row = rows.get(key);
    const next = {
      key,
      value: row === undefined ? first(it.value) : add(row.value, it.value),
      time: Math.max(it.time, row?.time ?? 0),
    };
    rows.set(key, next);
    return [next];
  };
}

/** A change inside one group is one update of its sum, a change of group one of each. */
function tableSum(n: number): Apply {
  const table = new Map<string, number>();
  const sums = new Map<string, PlainRecord>();
  const change = (key: string, by: number, time: number): PlainRecord => {
    const row = sums.get(key);
    const next = { key, value: (row?.value ?? 0) + by, time: Math.max(time, row?.time ?? 0) };
    sums.set(key, next);
    return next;
  };
  return (it) => {
    const old = table.get(it.key);
    table.set(it.key, it.value);
    const to = group(it, n);
    if (old === undefined) return [change(to, it.value, it.time)];
    const from = String(old % n);
    if (from === to) return [change(to, it.value - old, it.time)];
    return [change(from, -old, it.time), change(to, it.value, it.time)];
  };
}

function runningSum(): Apply {
  const sums = new Map<string, number>();
  return (it) => {
    const sum = (sums.get(it.key) ?? 0) + it.value;
    sums.set(it.key, sum);
    return [{ ...it, value: sum }];
  };
}
