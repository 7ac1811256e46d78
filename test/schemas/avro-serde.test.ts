import avsc from 'avsc';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { avroSerde, loadCatalog } from '../../schemas/index.ts';
import type { AvroSerde } from '../../schemas/index.ts';

const text = `{
  "type": "record", "name": "shop.Order",
  "fields": [
    { "name": "id", "type": "string" },
    { "name": "cents", "type": "long" },
    { "name": "state", "type": { "type": "enum", "name": "State", "symbols": ["NEW", "PAID"] } },
    { "name": "lines", "type": { "type": "array", "items": { "type": "record", "name": "Line", "fields": [
      { "name": "quantity", "type": "int", "default": 1 } ] } } },
    { "name": "note", "type": ["null", "string"], "default": null },
    { "name": "hash", "type": ["null", "bytes"], "default": null },
    { "name": "tags", "type": { "type": "map", "values": "float" }, "default": {} }
  ]
}`;

interface Order {
  id: string;
  cents: number;
  state: string;
  lines: { quantity?: number }[];
  note?: string | null;
  hash?: Buffer | null;
  tags?: Record<string, number>;
}

const { catalog } = loadCatalog([{ file: 'order.avsc', text }]);
const unknown = { schemaText: (): string | undefined => undefined };
const serde = avroSerde<Order>(catalog, 'shop.Order', { schemaId: 7, resolver: unknown });
const order: Order = {
  id: 'o1',
  cents: 1500,
  state: 'PAID',
  lines: [{ quantity: 2 }],
  note: null,
  hash: Buffer.from([1, 2]),
  tags: { a: 0.5 },
};

function bytesOf<T>(s: AvroSerde<T>, value: T): Buffer {
  const buffer = Buffer.alloc(4096);
  return buffer.subarray(0, s.write(value, buffer, 0));
}

describe('avroSerde', () => {
  test('writes the magic byte, the id and what bare avsc writes', () => {
    const bare = avsc.Type.forSchema(JSON.parse(text) as never).toBuffer(order);
    const bytes = bytesOf(serde, order);
    expect(bytes.subarray(0, 5).toString('hex')).toBe('0000000007');
    expect(bytes.subarray(5)).toEqual(bare);
  });

  test('reads back plain objects, in the middle of a larger buffer', () => {
    const bytes = bytesOf(serde, order);
    const buffer = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]);
    const value = serde.read(buffer, 6, 6 + bytes.length);
    expect(value).toStrictEqual(order);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(value.lines[0])).toBe(Object.prototype);
  });

  test('copies bytes out of the buffer that it reads', () => {
    const bytes = bytesOf(serde, order);
    const value = serde.read(bytes, 0, bytes.length);
    bytes.fill(0xff);
    expect(value.hash).toEqual(Buffer.from([1, 2]));
  });

  test('says how many bytes it needs, for every room that is too small', () => {
    const bytes = bytesOf(serde, order);
    for (let room = 0; room < bytes.length; room++) {
      const buffer = Buffer.alloc(10 + room);
      const answer = serde.write(order, buffer, 10);
      expect(answer).toBeLessThan(0);
      expect(-1 - answer).toBeGreaterThan(room);
      expect(-1 - answer).toBeLessThanOrEqual(bytes.length);
    }
    expect(serde.write(order, Buffer.alloc(10 + bytes.length), 10)).toBe(10 + bytes.length);
  });

  test('fills in defaults and leaves out undeclared fields', () => {
    const sparse = { id: 'o', cents: 1, state: 'NEW', lines: [{}], extra: 1 } as Order;
    const bytes = bytesOf(serde, sparse);
    expect(serde.read(bytes, 0, bytes.length)).toStrictEqual({
      id: 'o',
      cents: 1,
      state: 'NEW',
      lines: [{ quantity: 1 }],
      note: null,
      hash: null,
      tags: {},
    });
  });

  test.each([
    [{ ...order, cents: '15' }, 'cents is "15", which is no long'],
    [
      { ...order, cents: 2 ** 53 },
      'cents is 9007199254740992, which is beyond the range in which numbers are exact',
    ],
    [{ ...order, cents: 1.5 }, 'cents is 1.5, which is no long'],
    [{ ...order, cents: 15n }, 'cents is 15n (a bigint), which is no long'],
    [{ ...order, cents: undefined }, 'cents is undefined, which is no long'],
    [{ ...order, state: 'constructor' }, 'state is "constructor", which is no shop.State'],
    [{ ...order, state: ['PAID'] }, 'state is ["PAID"], which is no shop.State'],
    [
      { ...order, lines: [{ quantity: 1 }, { quantity: 2 ** 31 }] },
      'lines.1.quantity is 2147483648, which is no int',
    ],
    [{ ...order, note: 5 }, 'note is 5, which is no null or string'],
    [{ ...order, hash: new Uint8Array(2) }, 'hash is {"0":0,"1":0}, which is no null or bytes'],
    [{ ...order, tags: { a: 1e300 } }, 'tags.a is 1e+300, which is no float'],
    [undefined, 'it is undefined, which is no shop.Order'],
    [7, 'it is 7, which is no shop.Order'],
  ])('refuses %o and names field and reason', (value, reason) => {
    expect(() => bytesOf(serde, value as Order)).toThrow(
      expect.objectContaining({
        code: 'SERDE_ENCODE',
        message: `cannot write shop.Order: ${reason}`,
      }),
    );
  });

  test('says under which names branches go where their values look alike', () => {
    const union = ['null', 'int', 'double', { type: 'record', name: 'shop.A', fields: [] }];
    const text = JSON.stringify({
      type: 'record',
      name: 'shop.Any',
      fields: [{ name: 'any', type: union }],
    });
    const { catalog: one } = loadCatalog([{ file: 'any.avsc', text }]);
    const any = avroSerde(one, 'shop.Any', { schemaId: 1, resolver: unknown });
    const branches = '{"int": …} or {"double": …} or {"shop.A": …}';
    expect(() => bytesOf(any, { any: 5 })).toThrow(`any is 5, which is no null or ${branches}`);
  });

  describe('of a chain that has no end, or none in sight', () => {
    const text = JSON.stringify({
      type: 'record',
      name: 'shop.Link',
      fields: [{ name: 'next', type: ['null', 'shop.Link'], default: null }],
    });
    const { catalog: one } = loadCatalog([{ file: 'link.avsc', text }]);
    const chain = avroSerde(one, 'shop.Link', { schemaId: 1, resolver: unknown });

    test('refuses a value that contains itself', () => {
      const link: { next?: unknown } = {};
      link.next = link;
      expect(() => bytesOf(chain, link)).toThrow(
        expect.objectContaining({
          code: 'SERDE_ENCODE',
          message: 'cannot write shop.Link: it contains itself, or is nested too deeply',
        }),
      );
    });

    test('shortens the path to where bytes are nested too deeply', () => {
      const bytes = Buffer.alloc(200_000, 2);
      bytes.writeUInt8(0, 0);
      bytes.writeInt32BE(1, 1);
      expect(() => chain.read(bytes, 0, bytes.length)).toThrow(
        expect.objectContaining({
          code: 'SERDE_DECODE',
          message: expect.stringMatching(
            /^cannot read shop\.Link: (next\.){8}…(\.next){4} is nested too deeply$/,
          ) as unknown,
        }),
      );
    });
  });

  test('refuses what is no record where all fields have defaults', () => {
    const line = avroSerde(catalog, 'shop.Line', { schemaId: 1, resolver: unknown });
    for (const value of [7, 'x', [], null, new Date(0), Promise.resolve({ quantity: 2 })]) {
      expect(() => bytesOf(line, value)).toThrow('cannot write shop.Line');
    }
  });

  test.each([
    ['a Map', new Map([['a', 1]])],
    ['a set', new Set(['a'])],
    ['bytes', Buffer.from('a')],
    ['a promise', Promise.resolve({ a: 1 })],
  ])('refuses %s for a map, which would be written as an empty one', (_, tags) => {
    expect(() => bytesOf(serde, { ...order, tags: tags as never })).toThrow(
      /^cannot write shop\.Order: tags is .*, which is no map$/,
    );
  });

  test('takes objects without a prototype, and of classes, for maps', () => {
    class Tags {
      a = 1;
    }
    for (const tags of [Object.assign(Object.create(null), { a: 1 }), new Tags()]) {
      const bytes = bytesOf(serde, { ...order, tags: tags as Record<string, number> });
      expect(serde.read(bytes, 0, bytes.length).tags).toEqual({ a: 1 });
    }
  });

  test('refuses bytes that are cut, too long, or not in the wire format', () => {
    const bytes = bytesOf(serde, order);
    const longer = Buffer.concat([bytes, Buffer.from([0, 0])]);
    const cases: [Buffer, string][] = [
      [bytes.subarray(0, -1), 'the bytes end in the middle of the value'],
      [longer, '2 bytes are left over after the value'],
      [bytes.subarray(0, 4), '4 bytes are too few for a schema id'],
      [Buffer.from('00fffffffa', 'hex'), 'its schema id would be -6, and none is below 0'],
      [Buffer.from('{"id":1}'), "the first byte is 123 instead of 0: not Confluent's Avro format"],
    ];
    for (const [payload, reason] of cases) {
      expect(() => serde.read(payload, 0, payload.length)).toThrow(
        expect.objectContaining({
          code: 'SERDE_DECODE',
          message: `cannot read shop.Order: ${reason}`,
        }),
      );
    }
  });

  test('refuses a value that ends beyond its part of the buffer', () => {
    const bytes = bytesOf(serde, order);
    expect(() => serde.read(bytes, 0, bytes.length - 1)).toThrow('in the middle of the value');
  });

  test.each([
    [2 ** 53 - 1, 'feffffffffffff1f'],
    [-(2 ** 53) + 1, 'fdffffffffffff1f'],
    [2 ** 52, '8080808080808010'],
    [-(2 ** 52) - 1, '8180808080808010'],
    [-(2 ** 52), 'ffffffffffffff0f'],
    [2 ** 52 - 1, 'feffffffffffff0f'],
    [-1, '01'],
  ])('writes and reads the long %d exactly', (value, bytes) => {
    const long = avroSerde<number>(catalog, 'long', { schemaId: 1, resolver: unknown });
    const payload = bytesOf(long, value);
    expect(payload.toString('hex', 5)).toBe(bytes);
    expect(long.read(payload, 0, payload.length)).toBe(value);
    expect(long.write(value, Buffer.alloc(5), 0)).toBe(-6 - bytes.length / 2);
  });

  test('refuses a long beyond the safe range and says so', () => {
    const long = avroSerde(catalog, 'long', { schemaId: 1, resolver: unknown });
    const payload = Buffer.from('0000000001feffffffffffffff7f', 'hex');
    expect(() => long.read(payload, 0, payload.length)).toThrow(
      'a long beyond the range in which numbers are exact (2^53)',
    );
  });

  test('never hangs on garbage, and fails or reads it as a value that it writes again', () => {
    const longs = avroSerde(
      catalog,
      { kind: 'array', items: { kind: 'null' } },
      { schemaId: 1, resolver: unknown },
    );
    const huge = Buffer.from('0000000001fcffffffffff7f00', 'hex');
    expect(() => longs.read(huge, 0, huge.length)).toThrow('a count of');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        const payload = Buffer.concat([Buffer.from('0000000007', 'hex'), noise]);
        let value: Order;
        try {
          value = serde.read(payload, 0, payload.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'SERDE_DECODE' });
          return;
        }
        bytesOf(serde, value);
      }),
      { numRuns: 2000 },
    );
  });

  test('reads what it wrote, for any value', () => {
    const orders = fc.record({
      id: fc.string({ unit: 'grapheme' }),
      cents: fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
      state: fc.constantFrom('NEW', 'PAID'),
      lines: fc.array(fc.record({ quantity: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) })),
      note: fc.option(fc.string({ unit: 'grapheme' })),
      hash: fc.option(fc.uint8Array().map((b) => Buffer.from(b))),
      tags: fc.dictionary(fc.string(), fc.float(), { noNullPrototype: true }),
    });
    fc.assert(
      fc.property(orders, (value) => {
        const buffer = Buffer.alloc(65_536);
        const end = serde.write(value, buffer, 3);
        expect(serde.read(buffer, 3, end)).toEqual(value);
      }),
    );
  });
});

describe('avroSerde with another writer', () => {
  const newer = text
    .replace('"NEW", "PAID"', '"NEW", "PAID", "REFUNDED"')
    .replace('{ "name": "note"', '{ "name": "extra", "type": "int" }, { "name": "note"')
    .replace('"long"', '"int"');
  const writer = avroSerde(loadCatalog([{ file: 'n.avsc', text: newer }]).catalog, 'shop.Order', {
    schemaId: 8,
    resolver: unknown,
  });
  const payload = bytesOf(writer, { ...order, extra: 3 });

  function reader(texts: Record<number, string>) {
    let asked = 0;
    const resolver = {
      schemaText(id: number): string | undefined {
        asked++;
        return texts[id];
      },
    };
    const made = avroSerde<Order>(catalog, 'shop.Order', { schemaId: 7, resolver });
    return { serde: made, asked: () => asked };
  }

  test('tells the id whose schema it lacks, and reads once it is there', () => {
    const texts: Record<number, string> = {};
    const { serde } = reader(texts);
    expect(serde.unknownId?.(payload, 0, payload.length)).toBe(8);
    expect(() => serde.read(payload, 0, payload.length)).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_UNKNOWN_ID',
        message: 'cannot read shop.Order: the schema registry does not know schema 8',
      }),
    );
    texts[8] = newer.replace('"NEW", "PAID", "REFUNDED"', '"NEW", "PAID"');
    expect(serde.unknownId?.(payload, 0, payload.length)).toBeUndefined();
    expect(serde.read(payload, 0, payload.length)).toStrictEqual(order);
  });

  test('works the way to read out once per id', () => {
    const { serde, asked } = reader({ 8: newer.replace(', "REFUNDED"', '') });
    for (let i = 0; i < 5; i++) serde.read(payload, 0, payload.length);
    expect(serde.unknownId?.(payload, 0, payload.length)).toBeUndefined();
    expect(asked()).toBe(1);
  });

  test('does not take bytes for its own that bear the number of a schema nobody registered', () => {
    const unregistered = avroSerde(catalog, 'shop.Order', { schemaId: -1, resolver: unknown });
    const payload = Buffer.concat([
      Buffer.from('00ffffffff', 'hex'),
      bytesOf(serde, order).subarray(5),
    ]);
    expect(() => unregistered.read(payload, 0, payload.length)).toThrow(
      'its schema id would be -1, and none is below 0',
    );
    expect(unregistered.unknownId(payload, 0, payload.length)).toBeUndefined();
  });

  test('has nothing to ask for its own id or for what is not Avro', () => {
    const { serde, asked } = reader({});
    const own = bytesOf(serde, order);
    expect(serde.unknownId?.(own, 0, own.length)).toBeUndefined();
    expect(serde.unknownId?.(Buffer.from('hello'), 0, 5)).toBeUndefined();
    expect(asked()).toBe(0);
  });

  test('says why a schema that does not fit cannot be read', () => {
    const { serde } = reader({ 8: newer });
    expect(() => serde.read(payload, 0, payload.length)).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_INCOMPATIBLE',
        message:
          'cannot read shop.Order from what schema 8 wrote: ' +
          'state: shop.State has neither REFUNDED nor a default for symbols that it does not have',
      }),
    );
  });
});
