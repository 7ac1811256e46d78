import { describe, expect, test } from 'vitest';
import { tableSource } from '../../../processors/operators/table-source.ts';
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
} from '../harness.ts';

const stream = streamOf(text, long);
const table = tableOf(text, long);
const even = { kind: 'filter', when: { expr: 'value % 2 == 0' } } as const;

describe('table source', () => {
  test('keeps the last row by offset, whatever its time, and sends the old one', () => {
    const bench = new Bench();
    const stage = tableSource(sourceNode('t', table, { store: 's', sendOld: true }));
    expect(
      bench.batch(stage, [rec('a', 1, 10), rec('a', 2, 5), rec('a', null, 6), rec('a', null, 7)]),
    ).toEqual([
      ['out', 'a', 1, 10, null],
      ['out', 'a', 2, 5, 1],
      ['out', 'a', null, 6, 2],
      ['out', 'a', null, 7, null],
    ]);
    bench.batch(stage, [rec('b', 3, 9)]);
    expect(bench.store('s').rows()).toEqual([['b', 3, 9]]);
  });

  test('drops null keys and counts them', () => {
    const bench = new Bench();
    const stage = tableSource(sourceNode('t', table, { store: 's' }));
    expect(bench.batch(stage, [rec(null, 1, 10)])).toEqual([]);
    expect(bench.counted()).toEqual({ in: 1, nullKey: 1 });
  });

  test('neither looks up nor sends old rows without a store', () => {
    const bench = new Bench();
    const stage = tableSource(sourceNode('t', table));
    expect(bench.batch(stage, [rec('a', 1, 10), rec('a', null, 11)])).toEqual([
      ['out', 'a', 1, 10],
      ['out', 'a', null, 11],
    ]);
    expect([...bench.stores.keys()]).toEqual([]);
  });
});

describe('to-table', () => {
  test('reads a stream as upserts', () => {
    const bench = new Bench();
    const stage = compiled({ kind: 'to-table' }, stream, table, { store: 's', sendOld: true });
    expect(bench.batch(stage, [rec('a', 1, 5), rec(null, 9, 6), rec('a', 4, 3)])).toEqual([
      ['out', 'a', 1, 5, null],
      ['out', 'a', 4, 3, 1],
    ]);
    expect(bench.store('s').rows()).toEqual([['a', 4, 3]]);
    expect(bench.counted()).toEqual({ in: 3, out: 2, emitted: 2, nullKey: 1 });
  });
});

describe('filter over a table', () => {
  test('sends a tombstone for a row that fails, also for one that never passed', () => {
    const stage = compiled(even, table);
    expect(new Bench().batch(stage, [rec('a', 1, 5), rec('a', 2, 6), rec('a', 3, 7)])).toEqual([
      ['out', 'a', null, 5],
      ['out', 'a', 2, 6],
      ['out', 'a', null, 7],
    ]);
  });

  test('keeps the opposite as filter-not, and no tombstone passes either', () => {
    const stage = compiled({ ...even, kind: 'filter-not' }, table);
    expect(new Bench().batch(stage, [rec('a', 1, 5), rec('a', 2, 6), rec('a', null, 7)])).toEqual([
      ['out', 'a', 1, 5],
      ['out', 'a', null, 6],
      ['out', 'a', null, 7],
    ]);
  });

  test('sends no tombstone for a row that was not there, where old rows are tracked', () => {
    const bench = new Bench();
    const stage = compiled(even, table, table, { sendOld: true });
    expect(
      bench.batch(stage, [
        changed('a', 1, null, 5),
        changed('a', 2, 1, 6),
        changed('a', 4, 2, 7),
        changed('a', 5, 4, 8),
      ]),
    ).toEqual([
      ['out', 'a', 2, 6, null],
      ['out', 'a', 4, 7, 2],
      ['out', 'a', null, 8, 4],
    ]);
    expect(bench.counted()).toEqual({ in: 4, out: 3, emitted: 3, filtered: 1 });
  });

  test('uses old rows that its parent sends for something else, and sends none on', () => {
    const changes = [changed('a', 1, null, 5), changed('a', 2, 1, 6), changed('a', 3, 2, 7)];
    expect(new Bench().batch(compiled(even, table), changes)).toEqual([
      ['out', 'a', 2, 6],
      ['out', 'a', null, 7],
    ]);
  });

  test('takes old rows from its own store, not from its parent', () => {
    const bench = new Bench();
    const stage = compiled(even, table, table, { store: 's', sendOld: true });
    expect(bench.batch(stage, [rec('a', 1, 5), rec('a', 2, 6), rec('a', 3, 7)])).toEqual([
      ['out', 'a', 2, 6, null],
      ['out', 'a', null, 7, 2],
    ]);
    expect(bench.store('s').rows()).toEqual([]);
  });

  test('stores what passes, with its time', () => {
    const bench = new Bench();
    bench.batch(compiled(even, table, table, { store: 's' }), [rec('a', 2, 6), rec('b', 3, 7)]);
    expect(bench.store('s').rows()).toEqual([['a', 2, 6]]);
  });
});

describe('map-values over a table', () => {
  const times10 = { kind: 'map-values', value: { expr: 'value * 10' } } as const;

  test('maps new and old rows, and leaves tombstones alone', () => {
    const stage = compiled(times10, table, table, { sendOld: true });
    expect(
      new Bench().batch(stage, [
        changed('a', 1, null, 5),
        changed('a', 2, 1, 6),
        changed('a', null, 2, 7),
        changed('a', null, null, 8),
      ]),
    ).toEqual([
      ['out', 'a', 10, 5, null],
      ['out', 'a', 20, 6, 10],
      ['out', 'a', null, 7, 20],
      ['out', 'a', null, 8, null],
    ]);
  });

  test('keeps its rows where it has a store', () => {
    const bench = new Bench();
    const stage = compiled(times10, table, table, { store: 's', sendOld: true });
    expect(bench.batch(stage, [rec('a', 1, 5), rec('a', 2, 4)])).toEqual([
      ['out', 'a', 10, 5, null],
      ['out', 'a', 20, 4, 10],
    ]);
    expect(bench.store('s').rows()).toEqual([['a', 20, 4]]);
  });

  test('does not let its expression see the record that brought a row', () => {
    expect(() => compiled({ kind: 'map-values', value: { expr: 'record.time' } }, table)).toThrow(
      'an expression of the plan does not compile: record.time',
    );
  });
});

describe('to-stream', () => {
  test('sends each change as a record without an old row', () => {
    const stage = compiled({ kind: 'to-stream' }, table, stream);
    expect(new Bench().batch(stage, [changed('a', 2, 1, 6), changed('a', null, 2, 7)])).toEqual([
      ['out', 'a', 2, 6],
      ['out', 'a', null, 7],
    ]);
  });

  test('gives it another key where the plan says so', () => {
    const stage = compiled({ kind: 'to-stream', key: 'key + "!"' }, table, stream);
    expect(new Bench().batch(stage, [changed('a', 2, 1, 6)])).toEqual([['out', 'a!', 2, 6]]);
  });
});

describe('regroup', () => {
  const nullable = { kind: 'union', branches: [{ kind: 'null' }, text] } as const;
  const parity = { kind: 'regroup', by: 'value % 2 == 0 ? "even" : "odd"' } as const;

  test('sends one change where the row stays in its group (KIP-904)', () => {
    const bench = new Bench();
    expect(bench.batch(compiled(parity, table), [changed('a', 3, 1, 6)])).toEqual([
      ['out', 'odd', 3, 6, 1],
    ]);
    expect(bench.counted()).toEqual({ in: 1, out: 1, emitted: 1 });
  });

  test('retracts from the old group, then adds to the new one', () => {
    const bench = new Bench();
    expect(bench.batch(compiled(parity, table), [changed('a', 2, 1, 6)])).toEqual([
      ['out', 'odd', null, 6, 1],
      ['out', 'even', 2, 6, null],
    ]);
    expect(bench.counted()).toEqual({ in: 1, out: 2, emitted: 1 });
  });

  test('sends half a change for a row that comes or goes', () => {
    const stage = compiled(parity, table);
    expect(new Bench().batch(stage, [changed('a', 2, null, 6), changed('a', null, 2, 7)])).toEqual([
      ['out', 'even', 2, 6, null],
      ['out', 'even', null, 7, 2],
    ]);
  });

  test('skips a half whose group is null, and counts what has no other half', () => {
    const bench = new Bench();
    const stage = compiled(
      { kind: 'regroup', by: 'value > 1 ? key : null', value: { expr: 'value * 10' } },
      table,
      tableOf(nullable, long),
    );
    expect(
      bench.batch(stage, [
        changed('a', 2, 1, 6),
        changed('a', 1, null, 7),
        changed('a', null, null, 8),
      ]),
    ).toEqual([['out', 'a', 20, 6, null]]);
    expect(bench.counted()).toEqual({ in: 3, out: 1, emitted: 1, nullKey: 1, filtered: 1 });
  });

  test('compares groups by content', () => {
    const record = { kind: 'map', values: long } as const;
    const stage = compiled(
      { kind: 'regroup', by: 'value' },
      tableOf(text, record),
      tableOf(record, record),
    );
    const rows = new Bench().batch(stage, [changed('a', { x: 1, y: 2 }, { y: 2, x: 1 }, 6)]);
    expect(rows).toHaveLength(1);
  });
});
