import { describe, expect, test } from 'vitest';
import { map } from 'rxjs';
import { ProcessingError } from '../../topology/core/errors.ts';
import type { PlanOperator } from '../../topology/plan/plan.ts';
import type { ProcessStage } from '../../processors/process.ts';
import type { Stage } from '../../processors/stage.ts';
import { tableSource } from '../../processors/operators/table-source.ts';
import {
  Bench,
  changed,
  compiled,
  long,
  rec,
  sourceNode,
  streamOf,
  tableOf,
  text,
} from './harness.ts';

const stream = streamOf(text, long);
const table = tableOf(text, long);

const boom = () => {
  throw new Error('boom');
};
const through: ProcessStage = (inputs) => ({
  out: inputs['in']!.pipe(map((record) => record)) as never,
});
const failing: ProcessStage = (inputs) => ({ out: inputs['in']!.pipe(map(boom)) });

const functions = {
  keep: () => true,
  same: (value: unknown) => value,
  pair: (value: unknown, key: unknown) => ({ key, value }),
  pairs: (value: unknown, key: unknown) => [{ key, value }],
  list: (value: unknown) => [value],
  add: (aggregate: number, value: number) => aggregate + value,
  left: (left: unknown) => left,
  zero: () => 0,
  through,
  failing,
  boom,
};

interface Kind {
  readonly name: string;
  readonly stage: Stage;
  /** The same stage with a user's function that throws; absent where it has none. */
  readonly throwing?: Stage;
  readonly table?: boolean;
}

function kind(
  name: string,
  operator: (use: string) => PlanOperator,
  isTable = false,
  more: Parameters<typeof compiled>[3] = {},
): Kind {
  const input = isTable ? table : stream;
  const build = (use: string) => compiled(operator(use), input, stream, more, { functions });
  const uses = JSON.stringify(operator('x')).includes('"x"');
  const good = name === 'process' ? 'through' : (defaults[name] ?? 'same');
  return {
    name: isTable ? `table ${name}` : name,
    stage: build(good),
    ...(uses ? { throwing: build(name === 'process' ? 'failing' : 'boom') } : {}),
    table: isTable,
  };
}

const defaults: Readonly<Record<string, string>> = {
  filter: 'keep',
  map: 'pair',
  'flat-map': 'pairs',
  'flat-map-values': 'list',
  reduce: 'add',
  aggregate: 'add',
};

const grouped = { group: { by: 'key' } } as const;
const kinds: readonly Kind[] = [
  kind('pass', () => ({ kind: 'pass' })),
  kind('repartition', () => ({ kind: 'repartition' })),
  kind('filter', (use) => ({ kind: 'filter', when: { use } })),
  kind('filter', (use) => ({ kind: 'filter', when: { use } }), true),
  kind('map', (use) => ({ kind: 'map', use, keyAs: 'string', as: 'long' })),
  kind('map-values', (use) => ({ kind: 'map-values', value: { use } })),
  kind('map-values', (use) => ({ kind: 'map-values', value: { use } }), true),
  kind('flat-map', (use) => ({ kind: 'flat-map', use, keyAs: 'string', as: 'long' })),
  kind('flat-map-values', (use) => ({ kind: 'flat-map-values', value: { use } })),
  kind('peek', (use) => ({ kind: 'peek', use })),
  kind('rekey', () => ({ kind: 'rekey', by: 'key' })),
  kind('split', () => ({ kind: 'split', branches: [], rest: 'out' })),
  kind('dedupe', () => ({ kind: 'dedupe', by: 'key', retentionMs: 10 }), false, { store: 's' }),
  kind('count', () => ({ kind: 'count', ...grouped }), false, { store: 's' }),
  kind('count', () => ({ kind: 'count', ...grouped }), true, { store: 's' }),
  kind(
    'aggregate',
    (use) => ({
      kind: 'aggregate',
      ...grouped,
      as: 'long',
      init: { use: 'zero' },
      add: { use },
    }),
    false,
    { store: 's' },
  ),
  kind(
    'aggregate',
    (use) => ({
      kind: 'aggregate',
      ...grouped,
      as: 'long',
      init: { use: 'zero' },
      add: { use },
      subtract: { use },
    }),
    true,
    { store: 's' },
  ),
  kind('to-table', () => ({ kind: 'to-table' }), false, { store: 's' }),
  kind('to-stream', () => ({ kind: 'to-stream' }), true),
  kind('regroup', () => ({ kind: 'regroup', by: 'key' }), true),
  kind('process', (use) => ({ kind: 'process', use })),
  { name: 'table source', stage: tableSource(sourceNode('t', table, { store: 's' })), table: true },
];

describe.each(kinds)('stage $name', ({ stage, throwing, table: isTable }) => {
  const one = isTable === true ? changed('a', 1, null, 7) : rec('a', 1, 7);

  test('stays open while its input neither emits nor ends', () => {
    const connection = new Bench().connect(stage);
    expect([connection.rows, connection.completed, connection.errors]).toEqual([[], [], []]);
  });

  test('completes every output of an empty batch', () => {
    const connection = new Bench().connect(stage);
    connection.complete();
    expect([connection.rows, connection.completed]).toEqual([[], ['out']]);
  });

  test('hands one record on at once and counts it once', () => {
    const bench = new Bench();
    const connection = bench.connect(stage);
    connection.push(one);
    expect(connection.rows).toHaveLength(1);
    expect(bench.counted()).toEqual({ in: 1, out: 1, emitted: 1 });
    connection.complete();
    expect(connection.completed).toEqual(['out']);
  });

  test('passes an error of its input on unchanged and takes nothing after it', () => {
    const bench = new Bench();
    const connection = bench.connect(stage);
    const reason = new Error('upstream');
    connection.fail(reason);
    connection.push(one);
    expect([connection.errors, connection.rows, bench.outcomes.in]).toEqual([[reason], [], 0]);
  });

  test('lets go of its input when nobody listens any more', () => {
    const connection = new Bench().connect(stage);
    expect(connection.inputs['in']?.observed).toBe(true);
    connection.unsubscribe();
    expect(connection.inputs['in']?.observed).toBe(false);
  });

  if (throwing === undefined) return;

  test('wraps what a function throws and takes nothing more', () => {
    const connection = new Bench().connect(throwing);
    connection.push(isTable === true ? changed('a', 1, null, 7) : rec('a', 1, 7, 3));
    connection.push(one);
    expect(connection.rows).toEqual([]);
    expect(connection.errors).toHaveLength(1);
    const error = connection.errors[0] as ProcessingError;
    expect(error).toBeInstanceOf(ProcessingError);
    expect(error.code).toBe('STAGE_FAILED');
    expect(error.message).toBe(
      isTable === true
        ? 'stage "stage" failed: boom'
        : 'stage "stage" failed on t-0 at offset 3: boom',
    );
    expect((error.cause as Error).message).toBe('boom');
    expect(error.place.stage).toBe('stage');
    expect(connection.inputs['in']?.observed).toBe(false);
  });
});
