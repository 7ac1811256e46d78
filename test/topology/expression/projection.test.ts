import { describe, expect, test } from 'vitest';
import type { AvroField, AvroRecord } from '../../../topology/core/avro.ts';
import { compileProjection } from '../../../topology/expression/projection.ts';
import { bindings, line, noon, optional, scope, state, types } from './shop-scope.ts';

function field(name: string, type: AvroField['type'], fallback?: unknown): AvroField {
  return fallback === undefined
    ? { name, type, hasDefault: false }
    : { name, type, hasDefault: true, default: fallback };
}

const status: AvroRecord = {
  kind: 'record',
  name: 'shop.Status',
  fields: [
    field('orderId', types.string),
    field('state', state),
    field('at', types.millis),
    field('stage', types.string, 'none'),
    field('note', optional(types.string), null),
    field('raw', types.bytes, 'ÿ'),
    field('first', line, { productId: 'x', quantity: 0, totalCents: 0 }),
    field('words', { kind: 'array', items: types.string }, []),
  ],
};

const set = { at: 'record.time', state: 'PAID', orderId: 'key' };

describe('compileProjection', () => {
  test('builds the record in the order of the schema, with the defaults of fields not set', () => {
    const result = compileProjection(status, set, scope);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const made = result.run(bindings());
    expect(made).toEqual({
      orderId: 'o1',
      state: 'PAID',
      at: noon,
      stage: 'none',
      note: null,
      raw: Buffer.from([255]),
      first: { productId: 'x', quantity: 0, totalCents: 0 },
      words: [],
    });
    expect(Object.keys(made as object)).toEqual(status.fields.map(({ name }) => name));
  });

  test('shares frozen defaults', () => {
    const result = compileProjection(status, set, scope);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const [a, b] = [result.run(bindings()), result.run(bindings())] as { words: string[] }[];
    expect(a?.words).toBe(b?.words);
    expect(Object.isFrozen(a?.words)).toBe(true);
  });

  test('reports all fields at once: missing, unknown, ill-typed', () => {
    const result = compileProjection(
      status,
      { orderID: 'key', state: '"PAID"', at: 'value.tme', stage: 'value.total' },
      scope,
    );
    if (result.ok) throw new Error('compiled');
    expect(result.problems.map(({ code, field, on }) => [code, field, on])).toEqual([
      ['E032', 'orderID', 'name'],
      ['E027', 'state', 'expression'],
      ['E021', 'at', 'expression'],
      ['E027', 'stage', 'expression'],
      ['E031', 'orderId', 'projection'],
    ]);
    expect(result.problems[0]).toMatchObject({
      message: 'no field "orderID" in shop.Status',
      suggestion: 'did you mean "orderId"?',
    });
    expect(result.problems[4]?.message).toBe(
      'field "orderId" of shop.Status is not set and has no default',
    );
  });

  test('warns of money in floating point', () => {
    const bill: AvroRecord = {
      kind: 'record',
      name: 'shop.Bill',
      fields: [field('totalPrice', types.double), field('weight', types.double)],
    };
    const result = compileProjection(bill, { totalPrice: '1.5', weight: '1.5' }, scope);
    expect(result.ok && result.warnings.map(({ code, field }) => [code, field])).toEqual([
      ['W021', 'totalPrice'],
    ]);
  });

  test('sets fields of any name', () => {
    const odd: AvroRecord = {
      kind: 'record',
      name: 'shop.Odd',
      fields: [field('__proto__', types.string), field('constructor', types.string)],
    };
    const given = Object.fromEntries([
      ['__proto__', 'key'],
      ['constructor', '"c"'],
    ]);
    const result = compileProjection(odd, given, scope);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    expect(Object.entries(result.run(bindings()) as object)).toEqual([
      ['__proto__', 'o1'],
      ['constructor', 'c'],
    ]);
  });
});
