import { describe, expect, test } from 'vitest';
import type { AvroType } from '../../../topology/core/avro.ts';
import { compileExpression } from '../../../topology/expression/compile.ts';
import { address, line, marks, noon, optional, order, problems, run } from './shop-scope.ts';
import { bindings, scope, state, types } from './shop-scope.ts';

describe('a result that fits', () => {
  test.each<[string, AvroType, unknown]>([
    ['value.count', types.long, 3],
    ['value.count', types.double, 3],
    ['value.total', types.double, 1500],
    ['2147483647', types.int, 2147483647],
    ['-2147483648', types.int, -2147483648],
    ['60 * 60 * 24', types.int, 86400],
    ['size(value.lines)', types.int, 2],
    ['1', types.float, 1],
    ['1.5', types.float, 1.5],
    ['value.note', optional(types.string), null],
    ['key', optional(types.string), 'o1'],
    ['null', optional(types.string), null],
    ['value.paidAt', optional(types.micros), null],
    ['value.at', optional(types.micros), noon * 1000],
    ['value.state', state, 'PAID'],
    ['value.lines[0]', line, { productId: 'A1', quantity: 3, totalCents: 1000 }],
    ['[]', { kind: 'array', items: types.long }, []],
    ['value.lines.map(l, l.quantity)', { kind: 'array', items: types.long }, [3, 0]],
    ['value.tags', { kind: 'map', values: types.string }, { color: 'red' }],
    ['value.body', types.bytes, Buffer.from('body')],
    ['value.price', types.decimal, Buffer.from([1])],
    ['value.rushed ? value.note : "x"', optional(types.string), 'x'],
  ])('%s', (text, expected, result) => {
    expect(run(text, bindings(), expected)).toEqual(result);
  });

  test('has the expected type', () => {
    const result = compileExpression('value.count', scope, types.double);
    expect(result).toMatchObject({ ok: true, expression: { type: types.double } });
  });

  test('has its own type where none is expected', () => {
    const type = (text: string): unknown => {
      const result = compileExpression(text, scope);
      return result.ok ? result.expression.type : result.problems;
    };
    expect(type('value.count')).toEqual(types.int);
    expect(type('value.count + 1')).toEqual(types.long);
    expect(type('value.atUs')).toEqual(types.micros);
    expect(type('record.time')).toEqual(types.millis);
    expect(type('value')).toBe(order);
    expect(type('value.note')).toEqual(optional(types.string));
    expect(type('value.lines.filter(l, true)')).toEqual({ kind: 'array', items: line });
    expect(type('duration("1s")')).toBeUndefined();
  });
});

describe('a result that does not fit', () => {
  test.each<[string, AvroType, string, string]>([
    ['value.total', types.int, 'E028', 'value.total: long to int is lossy'],
    ['2147483648', types.int, 'E028', '2147483648: 2147483648 does not fit an int'],
    ['value.weight', types.long, 'E028', 'value.weight: double to long is lossy'],
    ['value.weight', types.float, 'E028', 'value.weight: double to float is lossy'],
    ['value.count', types.float, 'E028', 'value.count: int to float is lossy'],
    [
      'value.atUs',
      types.millis,
      'E028',
      'value.atUs: timestamp-micros to timestamp-millis is lossy',
    ],
    ['value.note', types.string, 'E024', 'value.note may be null, and string may not'],
    ['null', types.string, 'E027', 'null is null, not string'],
    ['value.total', types.string, 'E027', 'value.total is long, not string'],
    ['value.at', types.long, 'E027', 'value.at is timestamp, not long'],
    ['value.total', types.millis, 'E027', 'value.total is long, not long (timestamp-millis)'],
    ['value.lines[0]', address, 'E027', 'value.lines[0] is shop.Line, not shop.Address'],
    [
      'value.lines.map(l, l.totalCents)',
      { kind: 'array', items: types.int },
      'E027',
      'value.lines.map(l, l.totalCents) is list of long, not array of int',
    ],
    ['duration("1s")', types.long, 'E027', 'duration("1s") is duration, not long'],
    ['value.mixed', types.string, 'E027', 'value.mixed is union of string and long, not string'],
  ])('%s', (text, expected, code, message) => {
    expect(problems(text, expected)).toMatchObject([
      { code, message, severity: 'error', range: [0, text.length] },
    ]);
  });

  test.each<[string, AvroType, string]>([
    ['value.weight', types.int, 'write int(value.weight)'],
    ['value.total', types.string, 'write string(value.total)'],
    ['key', types.long, 'write int(key)'],
    ['value.at', types.long, 'give the field the logical type timestamp-millis'],
    ['value.total', types.millis, 'seconds since 1970 are written timestamp(value.total)'],
    ['value.note', types.string, 'write value.note != null ? value.note : …'],
  ])('says what to do about %s', (text, expected, suggestion) => {
    expect(marks(text, expected)[0]?.[2]).toBe(suggestion);
  });
});
