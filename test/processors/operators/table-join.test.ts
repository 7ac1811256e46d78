import { describe, expect, test } from 'vitest';
import { compileStage } from '../../../processors/compile-stage.ts';
import type { GlobalTable, PlanNode } from '../../../topology/plan/plan.ts';
import {
  Bench,
  changed,
  compiled,
  environmentOf,
  long,
  rec,
  sourceNode,
  stageNode,
  streamOf,
  tableOf,
  text,
} from '../harness.ts';

const stream = streamOf(text, text);
const table = tableOf(text, text);
const ports = {
  inputs: {
    in: [{ node: 'source', output: 'out' }],
    with: [{ node: 'table', output: 'out' }],
  },
  inputTypes: { in: stream, with: table },
};
const inner = {
  kind: 'join',
  with: 'table',
  type: 'inner',
  value: { expr: 'left + "-" + right' },
} as const;
const left = {
  ...inner,
  type: 'left',
  value: { expr: 'left + "-" + (right == null ? "none" : right)' },
} as const;
const nodes: readonly PlanNode[] = [sourceNode('table', table, { store: 'rows' })];

describe('join of a stream with a table', () => {
  const build = (operator: typeof inner | typeof left) =>
    compiled(operator, stream, stream, ports, { nodes });

  function benchWith(key: string, value: string): Bench {
    const bench = new Bench();
    bench.store('rows').put(key, value, { time: 99 });
    return bench;
  }

  test('gives the result the time of the stream', () => {
    expect(benchWith('a', 'Y').batch(build(inner), [rec('a', 'X', 5)])).toEqual([
      ['out', 'a', 'X-Y', 5],
    ]);
  });

  test('drops and counts as inner what has no key, no value or no row', () => {
    const bench = benchWith('a', 'Y');
    const records = [rec(null, 'X', 5), rec('a', null, 6), rec('b', 'X', 7)];
    expect(bench.batch(build(inner), records)).toEqual([]);
    expect(bench.counted()).toEqual({ in: 3, nullKey: 1, nullValue: 1, unmatched: 1 });
  });

  test('keeps as left what has no key or no row (KIP-962), and drops null values', () => {
    const bench = benchWith('a', 'Y');
    const records = [rec(null, 'X', 5), rec('a', null, 6), rec('b', 'X', 7), rec('a', 'X', 8)];
    expect(bench.batch(build(left), records)).toEqual([
      ['out', null, 'X-none', 5],
      ['out', 'b', 'X-none', 7],
      ['out', 'a', 'X-Y', 8],
    ]);
    expect(bench.counted()).toEqual({ in: 4, out: 3, emitted: 3, nullValue: 1 });
  });

  test('is moved by the stream alone, and ends when both inputs have', () => {
    const bench = new Bench();
    const connection = bench.connect(build(left), ['in', 'with']);
    connection.push(changed('a', 'Y', null, 1), 'with');
    connection.complete('in');
    expect([connection.rows, connection.completed]).toEqual([[], []]);
    connection.complete('with');
    expect(connection.completed).toEqual(['out']);
    expect(bench.counted()).toEqual({});
  });

  test('passes an error of its table on', () => {
    const connection = new Bench().connect(build(inner), ['in', 'with']);
    connection.fail('broken', 'with');
    expect(connection.errors).toEqual(['broken']);
  });

  test('calls a function with left, right and key', () => {
    const calls: unknown[][] = [];
    const join = (...args: unknown[]) => {
      calls.push(args);
      return 'done';
    };
    const stage = compiled({ ...inner, value: { use: 'join' } }, stream, stream, ports, {
      nodes,
      functions: { join },
    });
    benchWith('a', 'Y').batch(stage, [rec('a', 'X', 5)]);
    expect(calls).toEqual([['X', 'Y', 'a']]);
  });
});

describe('join with a derived table', () => {
  const numbers = tableOf(text, long);
  const source = sourceNode('numbers', numbers, { store: 'rows' });
  const from = (node: string) => ({ inputs: { in: [{ node, output: 'out' }] } });
  const filtered = stageNode({ kind: 'filter', when: { expr: 'value > 1' } }, numbers, numbers, {
    name: 'filtered',
    ...from('numbers'),
  });
  const mapped = stageNode(
    { kind: 'map-values', value: { expr: 'value * 10' } },
    numbers,
    numbers,
    {
      name: 'mapped',
      ...from('filtered'),
    },
  );
  const join = (withNode: string, more: readonly PlanNode[] = []) =>
    compileStage(
      stageNode(
        { kind: 'join', with: withNode, type: 'inner', value: { expr: 'string(right)' } },
        stream,
        stream,
        {
          inputs: { in: [{ node: 's', output: 'out' }], with: [{ node: withNode, output: 'out' }] },
          inputTypes: { in: stream, with: numbers },
        },
      ),
      environmentOf({ nodes: [source, filtered, mapped, ...more] }),
    );

  test('applies the functions in between to the rows of the stored ancestor', () => {
    const bench = new Bench();
    bench.store('rows').put('a', 1);
    bench.store('rows').put('b', 2);
    expect(
      bench.batch(join('mapped'), [rec('a', 'X', 5), rec('b', 'X', 6), rec('c', 'X', 7)]),
    ).toEqual([['out', 'b', '20', 6]]);
    expect(bench.outcomes.unmatched).toBe(2);
  });

  test('reads the store of a derived table that has one', () => {
    const bench = new Bench();
    bench.store('own').put('a', 7);
    const stored = { ...mapped, name: 'stored', store: 'own' };
    expect(bench.batch(join('stored', [stored]), [rec('a', 'X', 5)])).toEqual([
      ['out', 'a', '7', 5],
    ]);
  });

  test('is refused where the plan keeps no row of it', () => {
    const bare = sourceNode('bare', numbers);
    expect(() => join('bare', [bare])).toThrow(
      'table "bare" is read by key and has no store in the plan',
    );
  });
});

describe('join of a stream with a global table', () => {
  const nullable = { kind: 'union', branches: [{ kind: 'null' }, text] } as const;
  const values = streamOf(nullable, text);
  const global: GlobalTable = {
    name: 'global',
    source: sourceNode('global', table),
    store: 'copy',
  };
  const on = 'value == "none" ? null : value';
  const build = (type: 'inner' | 'left') =>
    compiled(
      { kind: 'join', with: 'global', type, on, value: { use: 'join' } },
      values,
      values,
      {},
      {
        globalTables: [global],
        functions: { join: (l: string, r: string | null) => `${l}+${r}` },
      },
    );

  function bench(): Bench {
    const made = new Bench();
    made.store('copy').put('k', 'Y');
    return made;
  }

  test("looks up the key that its expression gives, whatever the record's own", () => {
    const it = bench();
    const records = [rec(null, 'k', 5), rec('a', 'none', 6), rec('a', 'x', 7), rec('a', null, 8)];
    expect(it.batch(build('inner'), records)).toEqual([['out', null, 'k+Y', 5]]);
    expect(it.counted()).toEqual({
      in: 4,
      out: 1,
      emitted: 1,
      nullKey: 1,
      unmatched: 1,
      nullValue: 1,
    });
  });

  test('joins with nothing as left where that key is null or has no row', () => {
    const records = [rec('a', 'none', 6), rec('a', 'x', 7), rec('a', null, 8)];
    expect(bench().batch(build('left'), records)).toEqual([
      ['out', 'a', 'none+null', 6],
      ['out', 'a', 'x+null', 7],
    ]);
  });
});
