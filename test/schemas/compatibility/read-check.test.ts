import { describe, expect, test } from 'vitest';
import { canRead, parseSchema } from '../../../schemas/index.ts';

function differences(next: unknown, old: unknown): string[] {
  const verdict = canRead(parseSchema(JSON.stringify(next)), parseSchema(JSON.stringify(old)));
  return verdict.differences.map(
    ({ path, kind, effect, message }) => `${path} [${kind}, ${effect}] ${message}`,
  );
}

const order = (fields: unknown[], name = 'shop.Order'): object => ({
  type: 'record',
  name,
  fields,
});
const line = (fields: unknown[]): object => ({ type: 'record', name: 'shop.Line', fields });

describe('canRead', () => {
  test('lists every difference with its path', () => {
    const old = order([
      { name: 'cents', type: 'long' },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'PAID'] } },
      { name: 'lines', type: { type: 'array', items: line([{ name: 'quantity', type: 'long' }]) } },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 4 } },
    ]);
    const next = order([
      { name: 'cents', type: 'int' },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW'] } },
      { name: 'lines', type: { type: 'array', items: line([{ name: 'quantity', type: 'int' }]) } },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 8 } },
      { name: 'note', type: 'string' },
    ]);
    expect(differences(next, old)).toEqual([
      'cents [type, breaks] long cannot be read as int',
      'state [enum-symbols, breaks] shop.State has neither PAID nor a default for symbols that it does not have',
      'lines[].quantity [type, breaks] long cannot be read as int',
      "hash [fixed-size, breaks] shop.Hash has 8 bytes, and the writer's 4",
      'note [missing-field, breaks] the writer does not have it, and it has no default',
    ]);
  });

  test('names the branch of a union, and what is wrong inside the one that is meant', () => {
    const card = (fields: unknown[]): object => ({ type: 'record', name: 'shop.Card', fields });
    const cash = { type: 'record', name: 'shop.Cash', fields: [] };
    const old = order([{ name: 'by', type: ['null', card([]), cash] }]);
    const next = order([
      { name: 'by', type: ['null', card([{ name: 'cvc', type: 'string' }]), cash] },
    ]);
    expect(differences(next, old)).toEqual([
      'by(shop.Card).cvc [missing-field, breaks] the writer does not have it, and it has no default',
    ]);
    expect(differences(order([{ name: 'by', type: ['null', cash] }]), old)).toEqual([
      'by [union-branch, breaks] no branch of null | shop.Cash reads shop.Card',
    ]);
  });

  test('says which symbols become the default', () => {
    const of = (symbols: string[], more: object): object => ({
      type: 'enum',
      name: 'E',
      symbols,
      ...more,
    });
    expect(differences(of(['A'], { default: 'A' }), of(['A', 'B', 'C'], {}))).toEqual([
      ' [enum-symbols, changes] E does not have B, C: it is read as the default, A',
    ]);
  });

  test('tells logical types that change what a value means from those that do not', () => {
    const of = (logicalType: string): object => ({ type: 'long', logicalType });
    expect(differences(of('timestamp-micros'), of('timestamp-millis'))).toEqual([
      ' [logical-type, changes] long (timestamp-millis) is read as long (timestamp-micros)',
    ]);
    expect(differences(of('timestamp-millis'), of('timestamp-micros'))).toEqual([
      ' [logical-type, refused] long (timestamp-micros) is read as long (timestamp-millis), ' +
        'which would lose digits or take one kind of time for another',
    ]);
    const decimal = (precision: number, scale: number): object => ({
      type: 'bytes',
      logicalType: 'decimal',
      precision,
      scale,
    });
    expect(differences(decimal(9, 2), decimal(6, 2))).toEqual([
      ' [logical-type, changes] bytes (decimal of 6 digits, 2 after the point) is read as bytes (decimal of 9 digits, 2 after the point)',
    ]);
  });

  test('refuses a field that could be two of the writer', () => {
    const old = order([
      { name: 'a', type: 'int' },
      { name: 'b', type: 'int' },
    ]);
    const next = order([{ name: 'b', type: 'int', aliases: ['a'] }]);
    expect(differences(next, old)).toEqual([
      'b [ambiguous-field, breaks] it could be `a`, `b` of the writer: take aliases away until one is left',
    ]);
  });

  test('says a difference of a recursive type once', () => {
    const node = (type: string): object =>
      order([
        { name: 'value', type },
        { name: 'left', type: ['null', 'shop.Order'] },
        { name: 'right', type: ['null', 'shop.Order'] },
      ]);
    expect(differences(node('int'), node('long'))).toEqual([
      'value [type, breaks] long cannot be read as int',
    ]);
  });

  test('takes no longer for each field where there are many', { timeout: 3000 }, () => {
    const names = Array.from({ length: 20_000 }, (_, i) => ({ name: `f${i}`, type: 'string' }));
    const more = { name: 'more', type: 'int', aliases: ['f7', 'other'] };
    expect(differences(order([...names, more]), order(names))).toEqual([
      'more [type, breaks] string cannot be read as int',
    ]);
  });
});
