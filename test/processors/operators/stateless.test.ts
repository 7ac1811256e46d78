import { describe, expect, test } from 'vitest';
import { ConfigError, type ProcessingError } from '../../../topology/core/errors.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import type { PlanOperator } from '../../../topology/plan/plan.ts';
import { Bench, compiled, long, rec, recordType, streamOf, text } from '../harness.ts';

const stream = streamOf(text, long);

describe('filter', () => {
  const records = [rec('a', 1, 10), rec('b', 2, 5), rec('c', 3, 8)];

  test('keeps what passes and counts the rest as filtered', () => {
    const bench = new Bench();
    const stage = compiled({ kind: 'filter', when: { expr: 'value % 2 == 1' } }, stream);
    expect(bench.batch(stage, records)).toEqual([
      ['out', 'a', 1, 10],
      ['out', 'c', 3, 8],
    ]);
    expect(bench.counted()).toEqual({ in: 3, out: 2, emitted: 2, filtered: 1 });
  });

  test('keeps the opposite as filter-not', () => {
    const stage = compiled({ kind: 'filter-not', when: { expr: 'value % 2 == 1' } }, stream);
    expect(new Bench().batch(stage, records)).toEqual([['out', 'b', 2, 5]]);
  });

  test('hands on the record itself', () => {
    const connection = new Bench().connect(
      compiled({ kind: 'filter', when: { expr: 'true' } }, stream),
    );
    const record = rec('a', 1);
    connection.push(record);
    expect(connection.records[0]).toBe(record);
  });

  test('calls a function with value, key and record', () => {
    const calls: unknown[][] = [];
    const keep = (...args: unknown[]) => {
      calls.push(args);
      return true;
    };
    const record = rec('a', 1, 10);
    const stage = compiled(
      { kind: 'filter', when: { use: 'keep' } },
      stream,
      stream,
      {},
      {
        functions: { keep },
      },
    );
    new Bench().batch(stage, [record]);
    expect(calls).toEqual([[1, 'a', record]]);
  });

  test('refuses what is no boolean', () => {
    const stage = compiled(
      { kind: 'filter', when: { use: 'keep' } },
      stream,
      stream,
      {},
      {
        functions: { keep: () => 1 },
      },
    );
    const connection = new Bench().connect(stage);
    connection.push(rec('a', 1));
    const error = connection.errors[0] as ProcessingError;
    expect(error.code).toBe('FUNCTION_NOT_BOOLEAN');
    expect(error.message).toBe(
      'stage "stage" failed: "keep" is used as a predicate and gave a number: return true or false',
    );
  });
});

describe('a function that is missing', () => {
  test('is said when the stage is compiled', () => {
    const build = () => compiled({ kind: 'peek', use: 'log' }, stream);
    expect(build).toThrow(ConfigError);
    expect(build).toThrow('no processor "log": export it from a file of the processors folder');
  });

  test('is told from an export that is no function', () => {
    const functions = { log: 3 };
    const build = () => compiled({ kind: 'peek', use: 'log' }, stream, stream, {}, { functions });
    expect(build).toThrow('processor "log" is of type number: export a function');
  });
});

describe('a function that gives a promise', () => {
  test.each<readonly [PlanOperator, readonly string[]]>([
    [{ kind: 'filter', when: { use: 'run' } }, ['FUNCTION_NOT_BOOLEAN']],
    [{ kind: 'map', use: 'run' }, ['FUNCTION_RESULT']],
    [{ kind: 'flat-map', use: 'run', keyAs: 'string', as: 'long' }, ['FUNCTION_RESULT']],
    [{ kind: 'peek', use: 'run' }, []],
  ])('does not end the process when that is rejected: %o', async (operator, codes) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const run = async (): Promise<never> => Promise.reject(new Error('late'));
    const stage = compiled(operator, stream, stream, {}, { functions: { run } });
    const connection = new Bench().connect(stage);
    connection.push(rec('a', 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(connection.errors.map((error) => (error as ProcessingError).code)).toEqual(codes);
  });
});

describe('map', () => {
  test('makes key and value from the record as it came, and keeps its time, headers and origin', () => {
    const stage = compiled(
      { kind: 'map', key: { expr: 'key + "!"' }, value: { expr: 'key + "?"' } },
      stream,
      streamOf(text, text),
    );
    const connection = new Bench().connect(stage);
    const headers = [['h', null]] as const;
    connection.push(new StreamRecord('a', 1, 10, headers, 't', 2, 30));
    expect(connection.records).toEqual([new StreamRecord('a!', 'a?', 10, headers, 't', 2, 30)]);
  });

  test('takes key and value from a function', () => {
    const swap = (value: number, key: string) => ({ key: String(value), value: key.length });
    const stage = compiled(
      { kind: 'map', use: 'swap' },
      stream,
      stream,
      {},
      {
        functions: { swap },
      },
    );
    expect(new Bench().batch(stage, [rec('abc', 1, 10)])).toEqual([['out', '1', 3, 10]]);
  });

  test('refuses a function that gives nothing', () => {
    const stage = compiled(
      { kind: 'map', use: 'none' },
      stream,
      stream,
      {},
      {
        functions: { none: () => null },
      },
    );
    const connection = new Bench().connect(stage);
    connection.push(rec('a', 1));
    expect((connection.errors[0] as ProcessingError).code).toBe('FUNCTION_RESULT');
  });

  test('changes the key alone as rekey, null included', () => {
    const nullable = { kind: 'union', branches: [{ kind: 'null' }, text] } as const;
    const stage = compiled(
      { kind: 'rekey', by: 'value > 1 ? key : null' },
      stream,
      streamOf(nullable, long),
    );
    expect(new Bench().batch(stage, [rec('a', 1, 3), rec('b', 2, 4)])).toEqual([
      ['out', null, 1, 3],
      ['out', 'b', 2, 4],
    ]);
  });
});

describe('map-values', () => {
  test('builds a record type field by field', () => {
    const type = recordType('shop.Total', { id: text, total: long, at: long });
    const stage = compiled(
      {
        kind: 'map-values',
        value: { as: 'shop.Total', set: { id: 'key', total: 'value * 2', at: 'record.offset' } },
      },
      stream,
      streamOf(text, type),
      {},
      { types: [type] },
    );
    expect(new Bench().batch(stage, [rec('a', 21, 3, 5)])).toEqual([
      ['out', 'a', { id: 'a', total: 42, at: 5 }, 3],
    ]);
  });

  test('gives a null value to the function, and takes one from it', () => {
    const flip = (value: number | null) => (value === null ? 0 : null);
    const stage = compiled(
      { kind: 'map-values', value: { use: 'flip' } },
      stream,
      stream,
      {},
      {
        functions: { flip },
      },
    );
    expect(new Bench().batch(stage, [rec('a', null, 1), rec('a', 5, 2)])).toEqual([
      ['out', 'a', 0, 1],
      ['out', 'a', null, 2],
    ]);
  });

  test.each([
    ['nothing', () => undefined, 'undefined'],
    ['a promise', () => Promise.resolve(1), 'a promise'],
  ])('refuses a function that gives %s', (_, bad, what) => {
    const stage = compiled(
      { kind: 'map-values', value: { use: 'bad' } },
      stream,
      stream,
      {},
      {
        functions: { bad },
      },
    );
    const connection = new Bench().connect(stage);
    connection.push(rec('a', 1));
    expect((connection.errors[0] as Error).message).toBe(
      `stage "stage" failed: "bad" gave ${what}: return a value or null; what needs waiting belongs in a process stage with mapAsync`,
    );
  });

  test('names the stage and the place where an expression fails', () => {
    const stage = compiled({ kind: 'map-values', value: { expr: '10 / value' } }, stream);
    const connection = new Bench().connect(stage);
    connection.push(rec('a', 0, 3, 5));
    const error = connection.errors[0] as ProcessingError;
    expect(error.code).toMatch(/^EXPRESSION_/);
    expect(error.place).toEqual({
      taskId: 'sub_0',
      stage: 'stage',
      topic: 't',
      partition: 0,
      offset: 5,
    });
  });
});

describe('flat-map', () => {
  test('sends the pairs of a record in order and counts the record once', () => {
    const twice = (value: number, key: string) =>
      Array.from({ length: value }, (_, i) => ({ key: `${key}${i}`, value: i }));
    const bench = new Bench();
    const stage = compiled(
      { kind: 'flat-map', use: 'twice', keyAs: 'string', as: 'long' },
      stream,
      stream,
      {},
      {
        functions: { twice },
      },
    );
    expect(bench.batch(stage, [rec('a', 2, 7), rec('b', 0, 8), rec('c', 1, 9)])).toEqual([
      ['out', 'a0', 0, 7],
      ['out', 'a1', 1, 7],
      ['out', 'c0', 0, 9],
    ]);
    expect(bench.counted()).toEqual({ in: 3, out: 3, emitted: 2, filtered: 1 });
  });

  test('sends nothing of a record whose function fails half-way', () => {
    const halfway = function* () {
      yield { key: 'a', value: 1 };
      throw new Error('boom');
    };
    const stage = compiled(
      { kind: 'flat-map', use: 'halfway', keyAs: 'string', as: 'long' },
      stream,
      stream,
      {},
      {
        functions: { halfway },
      },
    );
    const connection = new Bench().connect(stage);
    connection.push(rec('a', 2, 7));
    expect([connection.rows, connection.errors.length]).toEqual([[], 1]);
  });

  test('makes one record per element of a list as flat-map-values', () => {
    const list = { kind: 'array', items: long } as const;
    const stage = compiled(
      { kind: 'flat-map-values', value: { expr: 'value.map(n, n * 2)' } },
      streamOf(text, list),
      stream,
    );
    expect(new Bench().batch(stage, [rec('a', [1, 2], 7), rec('b', [], 8)])).toEqual([
      ['out', 'a', 2, 7],
      ['out', 'a', 4, 7],
    ]);
  });
});

describe('pass', () => {
  test('merges what comes by several ports, as it comes, and ends when all have', () => {
    const bench = new Bench();
    const connection = bench.connect(compiled({ kind: 'pass' }, stream), ['x', 'y']);
    connection.push(rec('a', 1, 2), 'x');
    connection.push(rec('b', 2, 1), 'y');
    connection.complete('x');
    connection.push(rec('c', 3, 0), 'y');
    expect(connection.completed).toEqual([]);
    connection.complete('y');
    expect(connection.completed).toEqual(['out']);
    expect(connection.rows).toEqual([
      ['out', 'a', 1, 2],
      ['out', 'b', 2, 1],
      ['out', 'c', 3, 0],
    ]);
  });
});

describe('split', () => {
  const branches = [
    { name: 'even', when: 'value % 2 == 0' },
    { name: 'third', when: 'value % 3 == 0' },
  ];
  const records = [-1, 0, 1, 2, 3, 6].map((value, i) => rec('k', value, i));

  test('gives a record to the first branch that matches, or to the rest', () => {
    const bench = new Bench();
    const stage = compiled({ kind: 'split', branches, rest: 'others' }, stream);
    expect(bench.batch(stage, records)).toEqual([
      ['others', 'k', -1, 0],
      ['even', 'k', 0, 1],
      ['others', 'k', 1, 2],
      ['even', 'k', 2, 3],
      ['third', 'k', 3, 4],
      ['even', 'k', 6, 5],
    ]);
    expect(bench.counted()).toEqual({ in: 6, out: 6, emitted: 6 });
  });

  test('counts the rest as filtered where it is dropped', () => {
    const bench = new Bench();
    const stage = compiled({ kind: 'split', branches, rest: null }, stream);
    expect(bench.batch(stage, records)).toHaveLength(4);
    expect(bench.counted()).toEqual({ in: 6, out: 4, emitted: 4, filtered: 2 });
  });

  test('completes all its outputs, and goes on while one of them is listened to', () => {
    const connection = new Bench().connect(
      compiled({ kind: 'split', branches, rest: null }, stream),
    );
    connection.complete();
    expect(connection.completed).toEqual(['even', 'third']);
  });
});
