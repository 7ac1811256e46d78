import { describe, expect, test } from 'vitest';
import { sameSchema } from '../../schemas/index.ts';

type Json = string | readonly Json[] | { readonly [name: string]: Json | number | boolean | null };

function same(a: Json, b: Json): boolean {
  return sameSchema(JSON.stringify(a), JSON.stringify(b, null, 2));
}

const x = { name: 'x', type: 'string' };
const y = { name: 'y', type: 'string' };
const record = (...fields: Json[]): { readonly [name: string]: Json } => ({
  type: 'record',
  name: 'shop.Order',
  fields,
});
const symbols = (...all: string[]): Json => ({ type: 'enum', name: 'shop.Kind', symbols: all });
const field = (type: Json): Json => record({ name: 'x', type });

describe('sameSchema', () => {
  test.each<readonly [string, Json, Json]>([
    ['white space', record(x, y), record(x, y)],
    ['order of attributes', record(x), { fields: [x], name: 'shop.Order', type: 'record' }],
    [
      'namespace apart from the name',
      record(x),
      { type: 'record', namespace: 'shop', name: 'Order', fields: [x] },
    ],
    [
      'namespace of the record around',
      field(symbols('A')),
      field({ type: 'enum', name: 'Kind', symbols: ['A'] }),
    ],
    ['a primitive type as an object', 'string', { type: 'string' }],
    ['a list', { type: 'array', items: 'int' }, { items: { type: 'int' }, type: 'array' }],
  ])('does not mind the spelling: %s', (_, a, b) => {
    expect(same(a, b)).toBe(true);
  });

  test.each<readonly [string, Json, Json]>([
    ['order of fields', record(x, y), record(y, x)],
    ['order of branches', field(['null', 'string']), field(['string', 'null'])],
    ['order of symbols', field(symbols('A', 'B')), field(symbols('B', 'A'))],
    ['alias', record(x), record({ ...x, aliases: ['z'] })],
    ['default', record(x), record({ ...x, default: '' })],
    ['doc', record(x), record({ ...x, doc: 'why' })],
    ['logical type', field('long'), field({ type: 'long', logicalType: 'timestamp-millis' })],
    ['type', 'int', 'long'],
    ['name', record(x), { ...record(x), name: 'shop.Other' }],
  ])('minds what counts: %s', (_, a, b) => {
    expect(same(a, b)).toBe(false);
  });

  test('takes what is no schema for the same only where the text is', () => {
    expect(sameSchema('{"type":"other.Type"}', '{"type":"other.Type"}')).toBe(true);
    expect(sameSchema('{"type":"other.Type"}', '{ "type": "other.Type" }')).toBe(false);
  });
});
