import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../../topology/expression/compile.ts';
import { bindings, marks, optional, order, problems, run, scope, types } from './shop-scope.ts';

describe('optional values', () => {
  test.each([
    'value.note != null && size(value.note) > 0',
    'value.note == null || size(value.note) > 0',
    'null != value.note && size(value.note) > 0',
    '!(value.note == null) && size(value.note) > 0',
    '!(value.note == null || size(value.note) == 0) && value.note.contains("a")',
    'value.note != null ? size(value.note) > 0 : false',
    'value.note == null ? false : size(value.note) > 0',
    'has(value.note) && size(value.note) > 0',
    'value.note == "a" && size(value.note) == 1',
    'value.address != null && value.address.zip != null && size(value.address.zip) == 5',
    'value.words.exists(w, w != null && w.startsWith("a"))',
    'value.words.filter(w, w != null).map(w, size(w))',
    'value.words.map(w, w != null, size(w))',
    'value.rushed && value.note != null && true && size(value.note) > 0',
    'value.note == null',
    'value.note != "a"',
  ])('passes a guarded use: %s', (text) => {
    expect(problems(text)).toEqual([]);
  });

  test.each([
    ['size(value.note) > 0', 'value.note'],
    ['value.note == null && size(value.note) > 0', 'value.note'],
    ['value.note != null || size(value.note) > 0', 'value.note'],
    ['value.note != null ? 1 : size(value.note)', 'value.note'],
    ['(value.note != null || value.rushed) && size(value.note) > 0', 'value.note'],
    ['!(value.note != null) && size(value.note) > 0', 'value.note'],
    ['value.address.city', 'value.address'],
    ['value.address != null && value.address.zip.size() > 0', 'value.address.zip'],
    ['value.words.map(w, size(w))', 'w'],
    ['value.words.exists(w, w != null) && value.words.all(w, w.contains("a"))', 'w'],
    ['value.note + "a"', 'value.note'],
    ['value.paidAt > value.at', 'value.paidAt'],
  ])('reports an unguarded use: %s', (text, part) => {
    const found = marks(text);
    expect(found.map((mark) => mark.slice(0, 2))).toEqual([['E024', part]]);
    expect(found[0]?.[2]).toBe(`guard it: ${part} != null && …`);
  });

  test('narrows the right side of a left join', () => {
    const joined = { ...scope, variables: { left: order, right: optional(order) } };
    const text = 'right != null ? left.total + right.total : left.total';
    expect(problems(text, undefined, joined)).toEqual([]);
    const left = { ...bindings(), left: { total: 1 } };
    expect(run(text, { ...left, right: null }, undefined, joined)).toBe(1);
    expect(run(text, { ...left, right: { total: 2 } }, undefined, joined)).toBe(3);
  });

  test('takes an absent field for null', () => {
    const { note: _, ...rest } = bindings().value as Record<string, unknown>;
    expect(run('value.note == null', { ...bindings(), value: rest })).toBe(true);
  });

  test('warns of a null test that cannot fail', () => {
    expect(marks('value.total != null')).toEqual([['W020', 'value.total != null']]);
    expect(problems('value.total == null')[0]).toMatchObject({
      severity: 'warning',
      message: 'always false: value.total is never null',
    });
    expect(marks('has(value.total)')).toEqual([['W020', 'total']]);
  });

  test('fails the record where a value is null that no type calls null', () => {
    const bound = { ...bindings(), value: null };
    expect(() => run('value.total > 1', bound)).toThrow(
      expect.objectContaining({
        code: 'EXPRESSION_NULL',
        message: 'value.total > 1 needs a value where the record has null',
      }),
    );
  });

  test('fails the record where a null key or value of primitive type is computed with', () => {
    const longs = { ...scope, variables: { key: types.long, value: types.long } };
    for (const text of ['value + 5', 'string(value)', 'value % 3 == 0', 'value > 1', '-value']) {
      const result = compileExpression(text, longs);
      if (!result.ok) throw new Error(text);
      const bound = { ...bindings(), value: null };
      expect(() => result.expression.run(bound), text).toThrow(
        expect.objectContaining({ code: 'EXPRESSION_NULL' }),
      );
    }
  });

  test('passes a null value on, and compares it', () => {
    const texts = { ...scope, variables: { key: types.string, value: types.string } };
    const bound = { ...bindings(), value: null };
    for (const [expression, expected] of [
      ['value', null],
      ['value == "a"', false],
      ['value != "a"', true],
    ] as const) {
      const result = compileExpression(expression, texts);
      if (!result.ok) throw new Error(expression);
      expect(result.expression.run(bound), expression).toBe(expected);
    }
  });
});
