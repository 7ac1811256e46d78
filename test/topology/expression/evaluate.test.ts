import { describe, expect, test } from 'vitest';
import type { ProcessingError } from '../../../topology/core/errors.ts';
import { compileExpression } from '../../../topology/expression/compile.ts';
import { bindings, noon, run, scope } from './shop-scope.ts';

function code(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as ProcessingError).code;
  }
  return 'no error';
}

describe('integers', () => {
  test.each([
    ['7 / 2', 3],
    ['-7 / 2', -3],
    ['7 % -2', 1],
    ['-7 % 2', -1],
    ['value.total / 4', 375],
    ['value.total + value.count', 1503],
    ['2 * 3 * 4', 24],
    ['-[7][value.count - 3]', -7],
    ['[5].map(x, -x)[0] + cel.bind(x, 5, -x)', -10],
    ['9007199254740991 - 1', 9007199254740990],
  ])('%s is %d', (text, result) => {
    expect(run(text)).toBe(result);
  });

  test.each(['0 * value.count * -1', '-value.count % 3', '-value.count / 4', '-(value.count - 3)'])(
    '%s is 0, not −0',
    (text) => {
      expect(Object.is(run(text), 0)).toBe(true);
    },
  );

  test.each([
    ['value.total + 1', 'EXPRESSION_OVERFLOW'],
    ['value.total * 2', 'EXPRESSION_OVERFLOW'],
    ['-value.total - 1', 'EXPRESSION_OVERFLOW'],
    ['value.total / (value.count - 3)', 'EXPRESSION_DIVISION'],
    ['value.total % (value.count - 3)', 'EXPRESSION_DIVISION'],
  ])('%s fails at the edge of the safe range', (text, expected) => {
    expect(code(() => run(text, bindings({ total: Number.MAX_SAFE_INTEGER })))).toBe(expected);
  });

  test('name the part that overflowed', () => {
    const bound = bindings({ total: Number.MAX_SAFE_INTEGER });
    expect(() => run('1 < value.total + 1', bound)).toThrow(
      'value.total + 1 is 9007199254740992, beyond the safe range of integers (±9007199254740991)',
    );
  });

  test('divide exactly at the edge of the safe range', () => {
    const bound = bindings({ total: Number.MAX_SAFE_INTEGER });
    expect(run('value.total / 2', bound)).toBe(4503599627370495);
    expect(run('value.total / (value.total - 1)', bound)).toBe(1);
  });
});

describe('doubles', () => {
  test.each([
    ['value.weight * 2', 5],
    ['1 + value.weight', 3.5],
    ['value.weight / 0', Infinity],
    ['-value.weight', -2.5],
    ['1.0 / -0.0', -Infinity],
    ['value.weight > value.count', false],
    ['value.count < 3.5', true],
    ['value.count == 3.0', true],
  ])('%s', (text, result) => {
    expect(run(text)).toBe(result);
  });
});

describe('texts', () => {
  test.each([
    ['size("a😀b")', 3],
    ['"abc".size()', 3],
    ['"abc".startsWith("ab")', true],
    ['"abc".endsWith("bc")', true],
    ['"abc".contains("d")', false],
    ['"a-1".matches("^[a-z]-\\\\d$")', true],
    ['"aÄ".lowerAscii() + "aÄ".upperAscii()', 'aÄAÄ'],
    ['" a ".trim()', 'a'],
    ['"abcb".indexOf("b")', 1],
    ['"abcb".indexOf("b", 2)', 3],
    ['"abcb".lastIndexOf("b")', 3],
    ['"abc".substring(1)', 'bc'],
    ['"abc".substring(1, 2)', 'b'],
    ['"a.b.c".replace(".", "$&")', 'a$&b$&c'],
    ['"a,b,c".split(",")', ['a', 'b', 'c']],
    ['"a,b,c".split(",", 2)', ['a', 'b,c']],
    ['["a", "b"].join("-")', 'a-b'],
    ['key + "!"', 'o1!'],
    ['"a" < "b"', true],
  ])('%s', (text, result) => {
    expect(run(text)).toEqual(result);
  });

  test('fail beyond their ends', () => {
    expect(code(() => run('key.substring(3)'))).toBe('EXPRESSION_INDEX');
    expect(code(() => run('key.substring(2, 1)'))).toBe('EXPRESSION_INDEX');
  });
});

describe('lists, maps and headers', () => {
  test.each([
    ['size(value.lines)', 2],
    ['value.lines[1].productId', 'B2'],
    ['"A1" in value.lines.map(l, l.productId)', true],
    ['value.lines.exists(l, l.quantity == 0)', true],
    ['value.lines.all(l, l.quantity > 0)', false],
    ['value.lines.exists_one(l, l.quantity == 0)', true],
    ['value.lines.filter(l, l.quantity > 0).map(l, l.totalCents)', [1000]],
    ['value.lines.map(l, l.quantity > 0, l.totalCents)', [1000]],
    ['value.lines.exists(l, value.lines.exists(m, m.quantity < l.quantity))', true],
    ['[1, 2] + [3] == [1, 2, 3]', true],
    ['[[1], [2]].exists(l, l == [2])', true],
    ['size([])', 0],
    ['value.tags["color"]', 'red'],
    ['value.tags.color', 'red'],
    ['"color" in value.tags', true],
    ['has(value.tags.size)', false],
    ['value.tags.all(k, k == "color")', true],
    ['{"a": 1, "b": 2}["b"]', 2],
    ['cel.bind(first, value.lines[0], first.quantity + first.quantity)', 6],
    ['value.lines[0] == value.lines[0]', true],
    ['value.lines[0] == value.lines[1]', false],
  ])('%s', (text, result) => {
    expect(run(text)).toEqual(result);
  });

  test('fail where there is no such item, key or header', () => {
    expect(code(() => run('value.lines[2].quantity'))).toBe('EXPRESSION_INDEX');
    expect(code(() => run('value.tags["toString"]'))).toBe('EXPRESSION_KEY');
    expect(code(() => run('headers["trace"]'))).toBe('EXPRESSION_KEY');
  });

  test('read the first header of a name as UTF-8', () => {
    const bound = bindings({}, [
      ['trace', null],
      ['trace', Buffer.from('ä')],
      ['trace', Buffer.from('b')],
    ]);
    expect(run('headers["trace"] + headers.trace', bound)).toBe('ää');
    expect(run('"trace" in headers ? headers["trace"] : "none"', bound)).toBe('ä');
    expect(run('"x" in headers ? headers["x"] : "none"', bound)).toBe('none');
  });

  test('make maps without inherited keys', () => {
    const made = run('{"__proto__": "x"}') as object;
    expect(Object.keys(made)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });
});

describe('metadata and conversions', () => {
  test.each([
    ['record.topic', 'orders.placed'],
    ['record.partition', 2],
    ['record.offset', 41],
    ['record.time', noon],
    ['string(1) + string(2.5) + string(true)', '12.5true'],
    ['string(value.at)', '2017-01-02T12:00:00Z'],
    ['string(value.body)', 'body'],
    ['int("42") + int(2.9)', 44],
    ['int(value.at)', noon / 1000],
    ['double("2.5") + double(1)', 3.5],
    ['bool("true")', true],
  ])('%s', (text, result) => {
    expect(run(text)).toBe(result);
  });

  test('fail on what does not convert', () => {
    expect(code(() => run('int(key)'))).toBe('EXPRESSION_CONVERSION');
    expect(code(() => run('double(key)'))).toBe('EXPRESSION_CONVERSION');
    expect(code(() => run('bool(key)'))).toBe('EXPRESSION_CONVERSION');
    expect(code(() => run('int(1e300)'))).toBe('EXPRESSION_OVERFLOW');
  });
});

describe('order of evaluation', () => {
  test('stops at the first operand that decides', () => {
    expect(run('value.count == 3 || 1 / (value.count - 3) > 0')).toBe(true);
    expect(run('value.count != 3 && 1 / (value.count - 3) > 0')).toBe(false);
    expect(run('value.count == 3 ? 1 : 1 / (value.count - 3)')).toBe(1);
  });

  test('does not take back a failure on the left', () => {
    expect(code(() => run('1 / (value.count - 3) > 0 || true'))).toBe('EXPRESSION_DIVISION');
  });
});

test('never executes text of the author', () => {
  const text = '"\\"); throw new Error(\\"executed\\"); (\\"" + key';
  expect(run(text)).toBe('"); throw new Error("executed"); ("o1');
});

test('evaluates without keeping the bindings', () => {
  const result = compileExpression('value.total', scope);
  if (!result.ok) throw new Error('does not compile');
  const bound = bindings();
  expect(result.expression.run(bound)).toBe(1500);
  bound.value = { total: 7 };
  expect(result.expression.run(bound)).toBe(7);
});
