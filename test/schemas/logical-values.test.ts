import { describe, expect, test } from 'vitest';
import type { SchemaResolver } from '../../schemas/index.ts';
import { avroSerde, Decimal, loadCatalog } from '../../schemas/index.ts';

const schema = {
  type: 'record',
  name: 't.R',
  fields: [
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 } },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Line',
          fields: [
            { name: 'id', type: { type: 'long', logicalType: 'bigint' } },
            { name: 'n', type: 'long', default: 1 },
          ],
        },
      },
      default: [],
    },
    { name: 'by', type: ['null', 'int', { type: 'long', logicalType: 'bigint' }], default: null },
  ],
};
const text = JSON.stringify(schema);
const { catalog } = loadCatalog([{ file: 'r.avsc', text }]);
const none: SchemaResolver = { schemaText: () => undefined };
const serde = avroSerde(catalog, 't.R', { schemaId: 1, resolver: none });
const buffer = Buffer.alloc(1000);
const price = Decimal.parse('12.50');

describe('avroSerde, of values that JavaScript has no number for', () => {
  test('takes decimals of fewer digits after the point, and gives those of the schema', () => {
    const end = serde.write({ price: Decimal.parse('3') }, buffer, 0);
    expect(serde.read(buffer, 0, end)).toEqual({
      price: Decimal.parse('3.00'),
      lines: [],
      by: null,
    });
  });

  test('tells number and bigint apart in a union', () => {
    for (const by of [null, 5, 2n ** 62n]) {
      const end = serde.write({ price, by }, buffer, 0);
      expect(serde.read(buffer, 0, end)).toMatchObject({ by });
    }
  });

  test.each([
    [
      { price: Decimal.parse('1.234') },
      'price is 1.234 (a decimal), which is no decimal of 6 digits, 2 of them after the point',
    ],
    [
      { price: Decimal.parse('12345.67') },
      'price is 12345.67 (a decimal), which is no decimal of 6 digits, 2 of them after the point',
    ],
    [
      { price: 12.5 },
      'price is 12.5, which is no decimal of 6 digits, 2 of them after the point (`Decimal`)',
    ],
    [{ price, lines: [{ id: 1n }, { id: 5 }] }, 'lines.1.id is 5, which is no bigint'],
    [
      { price, lines: [{ id: 2n ** 63n }] },
      'lines.0.id is 9223372036854775808n (a bigint), which is beyond the 64 bits of a long',
    ],
    [{ price, by: 'x' }, 'by is "x", which is no null or int or bigint'],
  ])('refuses %o and names field and reason', (value, reason) => {
    expect(() => serde.write(value, buffer, 0)).toThrow(
      expect.objectContaining({ code: 'SERDE_ENCODE', message: `cannot write t.R: ${reason}` }),
    );
  });

  test('names the field of a long that a number cannot hold', () => {
    const plain = text.replace(
      '"id","type":{"type":"long","logicalType":"bigint"}',
      '"id","type":"long"',
    );
    const reader = loadCatalog([{ file: 'p.avsc', text: plain }]).catalog;
    const end = serde.write({ price, lines: [{ id: 1n }, { id: 2n ** 60n }] }, buffer, 0);
    const options = { schemaId: 2, resolver: { schemaText: () => text } };
    const message =
      'cannot read t.R: lines.1.id is a long beyond the range in which numbers are exact (2^53)';
    expect(() => avroSerde(reader, 't.R', options).read(buffer, 0, end)).toThrow(
      expect.objectContaining({ code: 'SERDE_DECODE', message }),
    );
  });

  test('gives every long as a bigint where the serde is to, and times as numbers', () => {
    const fields = [
      { name: 'a', type: 'long' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ];
    const longs = loadCatalog([
      { file: 'l.avsc', text: JSON.stringify({ type: 'record', name: 't.L', fields }) },
    ]).catalog;
    const big = avroSerde(longs, 't.L', { schemaId: 1, resolver: none, longs: 'bigint' });
    const value = { a: 2n ** 63n - 1n, at: 5 };
    expect(big.read(buffer, 0, big.write(value, buffer, 0))).toEqual(value);
    const small = avroSerde(longs, 't.L', { schemaId: 1, resolver: none });
    const end = big.write(value, buffer, 0);
    expect(() => small.read(buffer, 0, end)).toThrow('a is a long beyond the range');
  });

  test('takes what is no valid decimal for the bytes underneath', () => {
    const type = { type: 'bytes', logicalType: 'decimal', precision: 2, scale: 3 };
    const bad = JSON.stringify({ type: 'record', name: 't.B', fields: [{ name: 'a', type }] });
    const made = avroSerde(loadCatalog([{ file: 'b.avsc', text: bad }]).catalog, 't.B', {
      schemaId: 1,
      resolver: none,
    });
    const value = { a: Buffer.from([1]) };
    expect(made.read(buffer, 0, made.write(value, buffer, 0))).toEqual(value);
  });
});

describe('the way to read another schema', () => {
  test('is worked out once for each pair, whatever serde and id ask', () => {
    const parsed: string[] = [];
    const parse = JSON.parse.bind(JSON);
    JSON.parse = (source: string): unknown => {
      parsed.push(source);
      return parse(source);
    };
    try {
      const other = text.replace('"default":1', '"default":2');
      const resolver = { schemaText: () => other };
      const end = serde.write({ price }, buffer, 0);
      for (const schemaId of [8, 9, 10]) {
        avroSerde(catalog, 't.R', { schemaId, resolver }).read(buffer, 0, end);
      }
      expect(parsed.filter((source) => source === other)).toHaveLength(1);
    } finally {
      JSON.parse = parse;
    }
  });
});
