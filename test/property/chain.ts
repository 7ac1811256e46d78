import { map } from 'rxjs';
import {
  type KeyValueStore,
  mapAsync,
  type ProcessStage,
  scanByKey,
  type StreamRecord,
} from '../../processors/index.ts';
import type {
  Definition,
  Grouping,
  OperatorDef,
  OutputDef,
  StageDef,
  StoreDef,
} from '../../topology/definition/definition.ts';

/** One step of a chain: what a stream of (text, number) goes through. `n` ≥ 2. */
export type Step =
  | { readonly op: 'filter' | 'filter-not'; readonly n: number }
  | { readonly op: 'map-values' | 'flat-map-values'; readonly n: number }
  /** A new key by function of the value: moves records to other partitions. */
  | { readonly op: 're-key'; readonly n: number }
  | { readonly op: 'map' }
  | { readonly op: 'split-merge'; readonly n: number }
  /** Writes to a stream of its own, and goes on. */
  | { readonly op: 'side' }
  | { readonly op: 'dedupe'; readonly retentionMs: number; readonly compare: boolean }
  | { readonly op: 'count' | 'reduce' | 'aggregate'; readonly by: number | undefined }
  /** A table of the stream, regrouped and summed up with a subtractor. */
  | { readonly op: 'table-sum'; readonly n: number }
  | { readonly op: 'to-table' }
  | { readonly op: 'join'; readonly left: boolean }
  /** A join with a global table, by a key of its own. */
  | { readonly op: 'global-join'; readonly left: boolean; readonly n: number }
  /** A stage that takes up to `n` turns per record: only at the end, as it keeps order per key. */
  | { readonly op: 'async'; readonly n: number }
  /** A stage with a store; fails on sums that are one less than a multiple of `n`. */
  | { readonly op: 'process'; readonly n: number };

export type Chain = readonly Step[];

/** What the global table holds before anything else is sent. */
export const worldRows = [
  { key: '0', value: 1, time: 0 },
  { key: '2', value: 3, time: 0 },
  { key: '3', value: 5, time: 0 },
];

/** True when a step may send a record to another partition than it came from. */
export function moves(step: Step): boolean {
  return (
    step.op === 're-key' ||
    step.op === 'map' ||
    step.op === 'table-sum' ||
    ('by' in step && step.by !== undefined)
  );
}

/**
 * True when the table is read behind a repartition topic (a `process` stage may have changed the
 * key, too): it must be complete before.
 */
export function readsTableElsewhere(chain: Chain): boolean {
  const first = chain.findIndex((step) => moves(step) || step.op === 'process');
  return first >= 0 && chain.slice(first).some(({ op }) => op === 'join');
}

/**
 * True when one task reads the table both before and behind a repartition topic. It is then one
 * task that reads what it writes, and its stream time goes by which of both comes first.
 */
export function feedsItself(chain: Chain): boolean {
  const first = chain.findIndex((step) => moves(step) || step.op === 'process');
  return readsTableElsewhere(chain) && chain.slice(0, first).some(({ op }) => op === 'join');
}

type Num = StreamRecord<string, number>;
type Totals = ProcessStage<
  { readonly in: Num },
  { readonly out: Num },
  Record<string, KeyValueStore<string, number>>
>;

const types = { key: 'string', value: 'long' } as const;

/** The definition of a chain from stream `in` (and table `names`) to stream `out`. */
export function definitionOf(
  chain: Chain,
  options: { readonly compact?: boolean } = {},
): {
  readonly definition: Definition;
  readonly functions: Readonly<Record<string, unknown>>;
} {
  const stages: Record<string, StageDef> = {};
  const stores: Record<string, StoreDef> = {};
  const functions: Record<string, unknown> = {};
  let from = ['in'];

  const add = (
    name: string,
    operator: OperatorDef,
    more: { key?: string; outputs?: readonly OutputDef[] | readonly string[] } = {},
  ): void => {
    const { key, outputs } = more;
    stages[name] = {
      inputs: [{ name: 'in', from, ...(key === undefined ? {} : { key }) }],
      operator,
      ...(outputs === undefined ? {} : { outputs }),
    };
    from = [name];
  };

  chain.forEach((step, i) => {
    const name = `s${i}`;
    switch (step.op) {
      case 'filter':
      case 'filter-not':
        add(name, { kind: step.op, when: { expr: `value % ${step.n} == 0` } });
        break;
      case 'map-values':
        add(name, { kind: 'map-values', value: { expr: `value + ${step.n}` } });
        break;
      case 'flat-map-values':
        functions[`${name}-twice`] = (value: number) => [value, value + step.n];
        add(name, {
          kind: 'flat-map-values',
          value: { use: `${name}-twice`, as: 'long' },
        });
        break;
      case 're-key':
        add(name, { kind: 'pass' }, { key: `string(value % ${step.n})` });
        break;
      case 'map':
        add(name, { kind: 'map', key: { expr: 'key + "."' }, value: { expr: 'value * 2' } });
        break;
      case 'split-merge':
        add(name, {
          kind: 'split',
          branches: [{ name: 'some', when: `value % ${step.n} == 0` }],
          rest: 'others',
        });
        from = [`${name}.some`, `${name}.others`];
        add(`${name}-merge`, { kind: 'pass' });
        break;
      case 'side':
        add(name, { kind: 'pass' });
        stages[name] = { ...(stages[name] as StageDef), to: [{ stream: `${name}-side` }] };
        break;
      case 'dedupe':
        add(
          name,
          {
            kind: 'dedupe',
            by: 'key',
            retentionMs: step.retentionMs,
            ...(step.compare ? { compare: 'value' } : {}),
          },
          { outputs: ['first'] },
        );
        from = [`${name}.first`];
        break;
      case 'count':
        add(name, { kind: 'count', group: groupOf(step.by) });
        add(`${name}-stream`, { kind: 'to-stream' });
        break;
      case 'reduce':
        add(name, { kind: 'reduce', group: groupOf(step.by), add: { expr: 'aggregate + value' } });
        add(`${name}-stream`, { kind: 'to-stream' });
        break;
      case 'aggregate':
        add(name, {
          kind: 'aggregate',
          group: groupOf(step.by),
          as: 'long',
          init: { expr: '7' },
          add: { expr: '(aggregate * 3 + value) % 1000' },
        });
        add(`${name}-stream`, { kind: 'to-stream' });
        break;
      case 'table-sum':
        add(`${name}-table`, { kind: 'to-table' });
        add(name, {
          kind: 'aggregate',
          group: groupOf(step.n),
          as: 'long',
          init: { expr: '0' },
          add: { expr: 'aggregate + value' },
          subtract: { expr: 'aggregate - value' },
        });
        add(`${name}-stream`, { kind: 'to-stream' });
        break;
      case 'to-table':
        add(name, { kind: 'to-table' });
        add(`${name}-stream`, { kind: 'to-stream' });
        break;
      case 'join':
        add(name, {
          kind: 'join',
          with: 'names',
          type: step.left ? 'left' : 'inner',
          value: { expr: step.left ? 'right == null ? left : left + right' : 'left + right' },
        });
        break;
      case 'global-join':
        add(name, {
          kind: 'join',
          with: 'world',
          type: step.left ? 'left' : 'inner',
          on: `string(value % ${step.n})`,
          value: { expr: step.left ? 'right == null ? left : left + right' : 'left + right' },
        });
        break;
      case 'async':
        functions[`${name}-later`] = later(step.n);
        add(
          name,
          { kind: 'process', use: `${name}-later` },
          { outputs: [{ name: 'out', key: 'string', value: 'long' }] },
        );
        from = [`${name}.out`];
        break;
      case 'process': {
        const store = `${name}-totals`;
        stores[store] = { key: 'string', value: 'long', ttl: 'none', why: 'a test' };
        functions[`${name}-total`] = totals(store, step.n);
        add(
          name,
          { kind: 'process', use: `${name}-total`, stores: [store] },
          { outputs: [{ name: 'out', key: 'string', value: 'long' }] },
        );
        from = [`${name}.out`];
        break;
      }
    }
  });
  stages['send'] = {
    inputs: [{ name: 'in', from }],
    operator: { kind: 'pass' },
    to: [{ stream: 'out' }],
  };
  const usesTable = chain.some(({ op }) => op === 'join');
  const usesGlobal = chain.some(({ op }) => op === 'global-join');
  // A compacted topic is its table's changelog.
  const cleanup = options.compact === true ? ({ cleanup: 'compact' } as const) : {};
  const definition: Definition = {
    application: 'chain',
    streams: {
      in: { topics: ['in'], ...types },
      out: { topics: ['out'], ...types },
      ...Object.fromEntries(
        chain.flatMap(({ op }, i) =>
          op === 'side' ? [[`s${i}-side`, { topics: [`s${i}-side`], ...types }]] : [],
        ),
      ),
    },
    tables: {
      ...(usesTable ? { names: { topics: ['names'], ...types, ...cleanup } } : {}),
      ...(usesGlobal ? { world: { topics: ['world'], ...types, global: true } } : {}),
    },
    stores,
    calls: {},
    stages,
    errors: { default: { deadLetter: 'chain.dead-letters' } },
  };
  return { definition, functions };
}

function groupOf(by: number | undefined): Grouping {
  return by === undefined ? { by: 'key' } : { by: 'expr', key: `string(value % ${by})` };
}

function later(n: number): ProcessStage<{ readonly in: Num }, { readonly out: Num }> {
  return (inputs) => ({
    out: inputs.in.pipe(
      mapAsync({ concurrency: 3, order: 'per-key' }, async (it) => {
        for (let i = 0; i < it.value % n; i++) await nextTurn();
        return it;
      }),
    ),
  });
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function totals(store: string, n: number): Totals {
  return (inputs, context) => ({
    out: inputs.in.pipe(
      scanByKey(context.store(store), (sum: number | undefined, it) => (sum ?? 0) + it.value),
      map((it) => {
        // Fails after it wrote: the write must go, too.
        if (it.value % n === n - 1) throw new Error(`${it.value} is refused`);
        return it;
      }),
    ),
  });
}
