import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tableSource } from '../../../processors/operators/table-source.ts';
import {
  Bench,
  changed,
  compiled,
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
const group = { by: 'key' } as const;
const functions = { minus: (aggregate: string, value: string) => `${aggregate}-${value}` };

const concat = {
  kind: 'aggregate',
  group,
  as: 'string',
  init: { expr: '"0"' },
  add: { expr: 'aggregate + "+" + value' },
} as const;

describe('aggregate over a stream', () => {
  test('gives one result per record, with the largest time', () => {
    const bench = new Bench();
    const stage = compiled(concat, stream, table, { store: 's' });
    expect(
      bench.batch(stage, [rec('1', 'A', 5), rec('2', 'B', 1), rec('1', 'C', 3), rec('1', 'D', 10)]),
    ).toEqual([
      ['out', '1', '0+A', 5],
      ['out', '2', '0+B', 1],
      ['out', '1', '0+A+C', 5],
      ['out', '1', '0+A+C+D', 10],
    ]);
    expect(bench.store('s').rows()).toEqual([
      ['1', '0+A+C+D', 10],
      ['2', '0+B', 1],
    ]);
  });

  test('drops null keys and null values, and counts both', () => {
    const bench = new Bench();
    const stage = compiled(concat, stream, table, { store: 's' });
    expect(bench.batch(stage, [rec(null, 'A', 5), rec('1', null, 6)])).toEqual([]);
    expect(bench.counted()).toEqual({ in: 2, nullKey: 1, nullValue: 1 });
  });

  test('sends the initial aggregate as the old row of a new group', () => {
    const stage = compiled(concat, stream, table, { store: 's', sendOld: true });
    expect(new Bench().batch(stage, [rec('1', 'A', 5), rec('1', 'B', 6)])).toEqual([
      ['out', '1', '0+A', 5, '0'],
      ['out', '1', '0+A+B', 6, '0+A'],
    ]);
  });

  test('deletes the row when the aggregate becomes null, and starts again after it', () => {
    const bench = new Bench();
    const stage = compiled(
      { ...concat, add: { use: 'until' } },
      stream,
      table,
      { store: 's' },
      {
        functions: { until: (_: string, value: string) => (value === 'X' ? null : value) },
      },
    );
    expect(bench.batch(stage, [rec('1', 'A', 9), rec('1', 'X', 5), rec('1', 'B', 6)])).toEqual([
      ['out', '1', 'A', 9],
      ['out', '1', null, 9],
      ['out', '1', 'B', 6],
    ]);
    expect(bench.store('s').rows()).toEqual([['1', 'B', 6]]);
  });

  test('remembers over batches', () => {
    const bench = new Bench();
    const stage = compiled(concat, stream, table, { store: 's' });
    bench.batch(stage, [rec('1', 'A', 5)]);
    expect(bench.batch(stage, [rec('1', 'B', 6)])).toEqual([['out', '1', '0+A+B', 6]]);
  });
});

describe('reduce over a stream', () => {
  const reduce = { kind: 'reduce', group, add: { expr: 'aggregate + value' } } as const;

  test('takes the first value as it is', () => {
    const stage = compiled(reduce, stream, table, { store: 's', sendOld: true });
    expect(new Bench().batch(stage, [rec('1', 'A', 5), rec('1', 'B', 3)])).toEqual([
      ['out', '1', 'A', 5, null],
      ['out', '1', 'AB', 5, 'A'],
    ]);
  });
});

describe('count', () => {
  test('counts the records of a key', () => {
    const stage = compiled({ kind: 'count', group }, stream, tableOf(text, long), { store: 's' });
    expect(
      new Bench().batch(stage, [rec('1', 'A', 5), rec('2', 'B', 3), rec('1', 'C', 4)]),
    ).toEqual([
      ['out', '1', 1, 5],
      ['out', '2', 1, 3],
      ['out', '1', 2, 5],
    ]);
  });

  test('counts the rows of a group of a table, down to 0', () => {
    const bench = new Bench();
    const stage = compiled({ kind: 'count', group }, table, tableOf(text, long), { store: 's' });
    expect(
      bench.batch(stage, [
        changed('green', 'g', null, 10),
        changed('green', 'g', null, 9),
        changed('green', null, 'g', 12),
        changed('green', null, 'g', 13),
      ]),
    ).toEqual([
      ['out', 'green', 1, 10],
      ['out', 'green', 2, 10],
      ['out', 'green', 1, 12],
      ['out', 'green', 0, 13],
    ]);
  });
});

describe('aggregate over a table', () => {
  const both = { ...concat, subtract: { use: 'minus' } } as const;
  const build = (more = {}) => compiled(both, table, table, { store: 's', ...more }, { functions });

  test('subtracts the old value, then adds the new one, in one result', () => {
    expect(
      new Bench().batch(build({ sendOld: true }), [
        changed('A', '1', null, 10),
        changed('A', '3', '1', 20),
      ]),
    ).toEqual([
      ['out', 'A', '0+1', 10, null],
      ['out', 'A', '0+1-1+3', 20, '0+1'],
    ]);
  });

  test('takes nothing out of a group that is not there, and sends its tombstone', () => {
    const bench = new Bench();
    expect(bench.batch(build(), [changed('A', null, '1', 10)])).toEqual([['out', 'A', null, 10]]);
    expect(bench.store('s').rows()).toEqual([]);
  });

  test('keeps the time of the row where it is the larger one', () => {
    expect(
      new Bench().batch(build(), [changed('A', '1', null, 10), changed('A', null, '1', 4)]),
    ).toEqual([
      ['out', 'A', '0+1', 10],
      ['out', 'A', '0+1-1', 10],
    ]);
  });

  test('starts anew when the subtractor gives null', () => {
    const stage = compiled(
      { ...concat, subtract: { use: 'none' } },
      table,
      table,
      { store: 's' },
      {
        functions: { none: () => null },
      },
    );
    const bench = new Bench();
    expect(
      bench.batch(stage, [
        changed('A', '1', null, 10),
        changed('A', '2', '1', 11),
        changed('A', null, '2', 12),
      ]),
    ).toEqual([
      ['out', 'A', '0+1', 10],
      ['out', 'A', '0+2', 11],
      ['out', 'A', null, 12],
    ]);
    expect(bench.store('s').rows()).toEqual([]);
  });

  test.each([
    ['a repartition source', sourceNode('source', table, { changes: true })],
    ['a table', sourceNode('source', table)],
    ['a regrouping', stageNode({ kind: 'regroup', by: 'key' }, table, stream, { name: 'source' })],
  ])('is told from an aggregate over a stream by %s above it', (_, node) => {
    const stage = compiled(both, stream, table, { store: 's' }, { functions, nodes: [node] });
    const rows = new Bench().batch(stage, [
      changed('A', '1', null, 10),
      changed('A', '3', '1', 20),
    ]);
    expect(rows[1]).toEqual(['out', 'A', '0+1-1+3', 20]);
  });

  test('is refused without a subtractor', () => {
    expect(() => compiled(concat, table, table, { store: 's' })).toThrow(
      'stage "stage" aggregates a table and has no subtract in the plan',
    );
  });

  test('counts a null group key', () => {
    const bench = new Bench();
    expect(bench.batch(build(), [changed(null, '1', null, 10)])).toEqual([]);
    expect(bench.counted()).toEqual({ in: 1, nullKey: 1 });
  });
});

describe('reduce over a table', () => {
  test('equals the sum over the rows as they are, after any updates', () => {
    const numbers = tableOf(text, long);
    const source = tableSource(sourceNode('t', numbers, { store: 'rows', sendOld: true }));
    const regroup = compiled({ kind: 'regroup', by: 'value % 3 == 0 ? "x" : "y"' }, numbers);
    const reduce = compiled(
      {
        kind: 'reduce',
        group,
        add: { expr: 'aggregate + value' },
        subtract: { expr: 'aggregate - value' },
      },
      numbers,
      numbers,
      { store: 'sums' },
    );
    const update = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      value: fc.option(fc.integer({ min: 0, max: 9 })),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(update, { maxLength: 40 }), (updates) => {
        const bench = new Bench();
        let batch = [bench.connect(source), bench.connect(regroup), bench.connect(reduce)] as const;
        const rows = new Map<string, number>();
        updates.forEach(({ key, value, cut }, time) => {
          const [first, second, third] = batch;
          const from = [first.records.length, second.records.length] as const;
          first.push(rec(key, value, time));
          for (const change of first.records.slice(from[0])) second.push(change);
          for (const change of second.records.slice(from[1])) third.push(change);
          if (cut) batch = [bench.connect(source), bench.connect(regroup), bench.connect(reduce)];
          if (value === null) rows.delete(key);
          else rows.set(key, value);
        });
        const sums = { x: 0, y: 0 };
        for (const value of rows.values()) sums[value % 3 === 0 ? 'x' : 'y'] += value;
        const store = bench.store<string, number>('sums');
        expect({ x: store.get('x') ?? 0, y: store.get('y') ?? 0 }).toEqual(sums);
      }),
    );
  });
});
