import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesSerde,
  jsonSerde,
  keySerde,
  loadCatalog,
  primitiveSerde,
  stringSerde,
  subjectFor,
} from '../../schemas/index.ts';
import type { PrimitiveKind, Serde } from '../../schemas/index.ts';

function hex(serde: Serde, value: unknown): string {
  const buffer = Buffer.alloc(1024);
  return buffer.toString('hex', 3, serde.write(value, buffer, 3));
}

function read(serde: Serde, bytes: string): unknown {
  const buffer = Buffer.from(`ff${bytes}ff`, 'hex');
  return serde.read(buffer, 1, buffer.length - 1);
}

describe('primitiveSerde', () => {
  // Bytes as org.apache.kafka.common.serialization writes them.
  test.each([
    ['string', 'a€', '61e282ac'],
    ['string', '', ''],
    ['int', 0, '00000000'],
    ['int', -1, 'ffffffff'],
    ['int', 2 ** 31 - 1, '7fffffff'],
    ['long', 1, '0000000000000001'],
    ['long', -1, 'ffffffffffffffff'],
    ['long', 2 ** 32, '0000000100000000'],
    ['long', -(2 ** 32) - 1, 'fffffffeffffffff'],
    ['long', Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
    ['long', Number.MIN_SAFE_INTEGER, 'ffe0000000000001'],
    ['double', 1.5, '3ff8000000000000'],
    ['float', -2.5, 'c0200000'],
    ['boolean', true, '01'],
    ['boolean', false, '00'],
    ['bytes', Buffer.from([0, 255]), '00ff'],
  ] as [PrimitiveKind, unknown, string][])('writes %s %s as Kafka does', (kind, value, bytes) => {
    const serde = primitiveSerde(kind);
    expect(hex(serde, value)).toBe(bytes);
    expect(read(serde, bytes)).toEqual(value);
  });

  test.each([
    ['string', 5, 'cannot write string: it is 5'],
    ['string', undefined, 'cannot write string: it is undefined'],
    [
      'string',
      'a\ud800',
      'cannot write string: "a\ud800" has half a surrogate pair, which UTF-8 lacks',
    ],
    ['int', 2 ** 31, 'cannot write int: it is 2147483648'],
    ['int', '1', 'cannot write int: it is "1"'],
    [
      'long',
      2 ** 53,
      'cannot write long: it is 9007199254740992, beyond the range in which numbers are exact (2^53)',
    ],
    ['long', 1n, 'cannot write long: it is 1n (a bigint)'],
    ['float', 1e300, 'cannot write float: it is 1e+300'],
    ['boolean', 1, 'cannot write boolean: it is 1'],
    ['bytes', 'x', 'cannot write bytes: it is "x", which is no Buffer'],
  ] as [PrimitiveKind, unknown, string][])('refuses %s %s', (kind, value, message) => {
    expect(() => hex(primitiveSerde(kind), value)).toThrow(
      expect.objectContaining({ code: 'SERDE_ENCODE', message }),
    );
  });

  test.each([
    ['string', 'ff', 'cannot read string: the bytes are no UTF-8'],
    ['int', '00000000ff', 'cannot read int: it takes 4 bytes, but there are 5'],
    [
      'long',
      '7fffffffffffffff',
      'cannot read long: it is beyond the range in which numbers are exact (2^53)',
    ],
    ['boolean', '', 'cannot read boolean: it takes 1 bytes, but there are 0'],
  ] as [PrimitiveKind, string, string][])('refuses to read %s from %s', (kind, bytes, message) => {
    expect(() => read(primitiveSerde(kind), bytes)).toThrow(
      expect.objectContaining({ code: 'SERDE_DECODE', message }),
    );
  });

  test('says how much room each kind needs', () => {
    const values: [PrimitiveKind, unknown, number][] = [
      ['string', 'äöü', 6],
      ['string', 'x'.repeat(100), 100],
      ['int', 1, 4],
      ['long', 1, 8],
      ['boolean', true, 1],
      ['bytes', Buffer.alloc(9), 9],
    ];
    for (const [kind, value, size] of values) {
      const serde = primitiveSerde(kind);
      expect(serde.write(value, Buffer.alloc(size + 1), 2)).toBe(-1 - size);
      expect(serde.write(value, Buffer.alloc(size + 2), 2)).toBe(size + 2);
    }
  });
});

describe('stringSerde', () => {
  test('reads what it wrote, and writes what Buffer writes, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (value) => {
        expect(hex(stringSerde, value)).toBe(Buffer.from(value).toString('hex'));
        expect(read(stringSerde, Buffer.from(value).toString('hex'))).toBe(value);
      }),
    );
  });

  test('keeps a replacement character that was written as one', () => {
    expect(read(stringSerde, 'efbfbd')).toBe('\ufffd');
  });
});

describe('bytesSerde', () => {
  test('gives bytes of their own', () => {
    const buffer = Buffer.from([1, 2, 3]);
    const value = bytesSerde.read(buffer, 0, 3);
    buffer[0] = 9;
    expect(value).toEqual(Buffer.from([1, 2, 3]));
  });
});

describe('jsonSerde', () => {
  test('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const value: unknown = JSON.parse(json);
        const buffer = Buffer.alloc(65_536);
        expect(jsonSerde.read(buffer, 0, jsonSerde.write(value, buffer, 0))).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });

  test.each([
    [undefined, 'cannot write JSON: it is undefined'],
    [5n, 'cannot write JSON: Do not know how to serialize a BigInt'],
  ])('refuses %s', (value, message) => {
    expect(() => hex(jsonSerde, value)).toThrow(message);
  });

  test('refuses text that is not JSON', () => {
    expect(() => read(jsonSerde, Buffer.from('{').toString('hex'))).toThrow('cannot read JSON: ');
  });
});

describe('keySerde', () => {
  test('is primitive for primitive types, timestamps included, and Avro for others', () => {
    const { catalog } = loadCatalog([
      { file: 'k.avsc', text: '{"type":"record","name":"K","fields":[{"name":"a","type":"int"}]}' },
    ]);
    const resolver = { schemaText: () => undefined };
    expect(hex(keySerde({ kind: 'long', logical: 'timestamp-millis' }), 5)).toBe(
      '0000000000000005',
    );
    const type = catalog.type('K');
    if (type === undefined) throw new Error('no type');
    expect(hex(keySerde(type, { schemas: catalog, schemaId: 9, resolver }), { a: 1 })).toBe(
      '000000000902',
    );
    expect(() => keySerde(type)).toThrow('a key of type record needs a schema id');
  });
});

describe('subjectFor', () => {
  test('is the topic with the part', () => {
    expect(subjectFor('orders.placed', 'value')).toBe('orders.placed-value');
    expect(subjectFor('orders.placed', 'key')).toBe('orders.placed-key');
  });

  test.each([
    ['topic', 'value', 'orders.placed-value'],
    ['topic', 'key', 'orders.placed-key'],
    ['record', 'value', 'shop.Order'],
    ['record', 'key', 'shop.Order'],
    ['topic-record', 'value', 'orders.placed-shop.Order'],
    ['topic-record', 'key', 'orders.placed-shop.Order'],
  ] as const)('by %s of a %s is %s', (strategy, part, subject) => {
    const type = { kind: 'record', name: 'shop.Order', fields: [] } as const;
    expect(subjectFor('orders.placed', part, { strategy, type })).toBe(subject);
  });

  test('refuses a type without a name where the name is in it', () => {
    const type = { kind: 'string' } as const;
    expect(() => subjectFor('orders', 'value', { strategy: 'record', type })).toThrow(
      'the values of topic "orders" are of type string, which has no name',
    );
  });
});
