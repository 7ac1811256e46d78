import { describe, expect, test } from 'vitest';
import type { AvroType } from '../../../topology/core/avro.ts';
import { nullable, poison, sameType, typeName } from '../../../topology/graph/avro-types.ts';
import { catalogOf, record } from '../catalog.ts';

const tree = record('shop.Tree', { children: { type: 'array', items: 'shop.Tree' } });
const one = catalogOf(tree).type('shop.Tree') as AvroType;
const other = catalogOf(tree).type('shop.Tree') as AvroType;
const text: AvroType = { kind: 'string' };
const long: AvroType = { kind: 'long' };
const time: AvroType = { kind: 'long', logical: 'timestamp-millis' };

describe('sameType', () => {
  test('compares named types by name, also recursive ones', () => {
    expect(sameType(one, other)).toBe(true);
    expect(sameType(one, { kind: 'record', name: 'shop.Bush', fields: [] })).toBe(false);
  });

  test('compares the rest by structure', () => {
    expect(sameType({ kind: 'array', items: text }, { kind: 'array', items: text })).toBe(true);
    expect(sameType({ kind: 'array', items: text }, { kind: 'array', items: long })).toBe(false);
    expect(sameType({ kind: 'map', values: text }, { kind: 'array', items: text })).toBe(false);
    expect(sameType(nullable(text), nullable(text))).toBe(true);
    expect(sameType(nullable(text), text)).toBe(false);
  });

  test('tells logical types apart', () => {
    expect(sameType(long, time)).toBe(false);
    expect(sameType(time, { kind: 'long', logical: 'timestamp-millis' })).toBe(true);
  });

  test('takes what is not known for the same', () => {
    expect(sameType(poison, long)).toBe(true);
    expect(sameType(text, poison)).toBe(true);
  });
});

test('typeName writes types as authors do', () => {
  const types: readonly AvroType[] = [
    one,
    time,
    { kind: 'map', values: { kind: 'array', items: one } },
  ];
  expect(types.map(typeName)).toEqual([
    'shop.Tree',
    'long (timestamp-millis)',
    'map<array<shop.Tree>>',
  ]);
  expect(typeName(nullable(text))).toBe('null | string');
});

test('nullable leaves alone what may be null already', () => {
  const optional = nullable(text);
  expect(nullable(optional)).toBe(optional);
  expect(nullable(poison)).toBe(poison);
});
