import { describe, expect, test } from 'vitest';
import type { LongOptions } from '../../schemas/avsc-types.ts';
import {
  avroSerde,
  diffSchemas,
  loadCatalog,
  requireSchema,
  sameSchema,
} from '../../schemas/index.ts';
import { inlineReferences } from '../../schemas/registry/inline-references.ts';

const longest = '9223372036854775807';
const id = '{"name":"id","type":"string"}';
const recordOf = (...fields: readonly string[]): string =>
  `{"type":"record","name":"shop.Counter","fields":[${fields.join(',')}]}`;
const withLong = (digits: string): string =>
  recordOf(id, `{"name":"l","type":"long","default":${digits}}`);

const writer = recordOf(id);
const payload = Buffer.from([0, 0, 0, 0, 1, 2, 0x61]);

function serdeOf(reader: string, options: LongOptions = {}) {
  const { catalog, problems } = loadCatalog([{ file: 'counter.avsc', text: reader }]);
  expect(problems).toEqual([]);
  const resolver = { schemaText: () => writer };
  return avroSerde(catalog, 'shop.Counter', { schemaId: 2, resolver, ...options });
}

function read(reader: string, options?: LongOptions): unknown {
  return serdeOf(reader, options).read(payload, 0, payload.length);
}

function written(reader: string, value: unknown, options?: LongOptions): string {
  const buffer = Buffer.alloc(64);
  const end = serdeOf(reader, options).write(value, buffer, 0);
  return buffer.subarray(5, end).toString('hex');
}

describe('a default beyond 2^53', () => {
  test('is filled in whole where longs are bigints', () => {
    expect(read(withLong(longest), { longs: 'bigint' })).toEqual({ id: 'a', l: 2n ** 63n - 1n });
    expect(read(withLong('-9223372036854775808'), { longs: 'bigint' })).toEqual({
      id: 'a',
      l: -(2n ** 63n),
    });
  });

  test('is refused on reading where longs are numbers, as such a value is', () => {
    expect(() => read(withLong(longest))).toThrow(
      'a missing field, whose default is a long beyond the range in which numbers are exact (2^53)',
    );
  });

  test('does not count where the field is written', () => {
    const serde = serdeOf(withLong(longest));
    const bytes = Buffer.from([0, 0, 0, 0, 2, 2, 0x61, 2]);
    expect(serde.read(bytes, 0, bytes.length)).toEqual({ id: 'a', l: 1 });
  });

  test.each(['number', 'bigint'] as const)('is written whole, longs being %s', (longs) => {
    expect(written(withLong(longest), { id: 'a' }, { longs })).toBe('0261feffffffffffffffff01');
  });

  test('of a union, a list and a record is filled in and written whole', () => {
    const nested = recordOf(
      id,
      `{"name":"u","type":["null","long"],"default":${longest}}`,
      `{"name":"list","type":{"type":"array","items":"long"},"default":[1,${longest}]}`,
      `{"name":"r","default":{},"type":{"type":"record","name":"In","fields":[
         {"name":"l","type":"long","default":${longest}}]}}`,
    );
    const big = 2n ** 63n - 1n;
    const value = { id: 'a', u: big, list: [1n, big], r: { l: big } };
    expect(read(nested, { longs: 'bigint' })).toEqual(value);
    expect(written(nested, { id: 'a' })).toBe(written(nested, value, { longs: 'bigint' }));
    expect(() => read(nested)).toThrow('a missing field');
  });

  test('is the nearest number for a double', () => {
    const reader = recordOf(id, '{"name":"d","type":"double","default":9007199254740993}');
    expect(read(reader)).toEqual({ id: 'a', d: 9007199254740992 });
  });

  test('is refused for an int, and for a long of more than 64 bits', () => {
    expect(() => requireSchema(recordOf(`{"name":"i","type":"int","default":${longest}}`))).toThrow(
      `incompatible field default ${longest}`,
    );
    expect(() => requireSchema(withLong('9223372036854775808'))).toThrow(
      'incompatible field default 9223372036854775808',
    );
    expect(() => requireSchema(withLong(longest))).not.toThrow();
  });

  test('keeps its digits in the canonical text, and with references put in', () => {
    const { catalog } = loadCatalog([{ file: 'counter.avsc', text: withLong(longest) }]);
    expect(catalog.canonicalSchema('shop.Counter')).toContain(`"default":${longest}}`);
    const inlined = inlineReferences('"shop.Counter"', [withLong(longest)]);
    expect(inlined).toContain(`"default":${longest}}`);
  });

  test('differs from the next one, in comparisons and in words', () => {
    const other = withLong('9223372036854775806');
    expect(sameSchema(withLong(longest), other)).toBe(false);
    expect(diffSchemas(other, withLong(longest)).changes.map(({ message }) => message)).toEqual([
      `field \`l\` has the default ${longest} instead of 9223372036854775806: it counts where a writer does not have the field`,
    ]);
  });
});
