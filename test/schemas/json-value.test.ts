import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCatalog } from '../../schemas/index.ts';
import { Decimal } from '../../topology/core/decimal.ts';
import { jsonReader, jsonText, passedOver } from '../../schemas/json-value.ts';

const { catalog, problems } = loadCatalog([
  {
    file: 'a.avsc',
    text: `{ "type": "record", "name": "a.All", "fields": [
      { "name": "text", "type": "string" },
      { "name": "whole", "type": "int", "default": 7 },
      { "name": "long", "type": ["null", "long"] },
      { "name": "bytes", "type": "bytes", "default": "\\u00ff" },
      { "name": "fixed", "type": ["null", { "type": "fixed", "name": "a.Two", "size": 2 }], "default": null },
      { "name": "at", "type": ["null", { "type": "long", "logicalType": "timestamp-millis" }] },
      { "name": "micros", "type": ["null", { "type": "long", "logicalType": "timestamp-micros" }] },
      { "name": "list", "type": { "type": "array", "items": "bytes" }, "default": [] },
      { "name": "map", "type": { "type": "map", "values": "bytes" }, "default": {} },
      { "name": "either", "type": ["null", "long", "boolean", "string"] },
      { "name": "inner", "type": ["null", "a.All"] } ] }`,
  },
  {
    file: 'b.avsc',
    text: `{ "type": "record", "name": "a.Way", "fields": [ { "name": "way", "type": [
      { "type": "record", "name": "a.Card", "fields": [ { "name": "no", "type": "bytes" } ] },
      { "type": "record", "name": "a.Cash", "fields": [] } ] } ] }`,
  },
]);

const read = jsonReader(catalog, 'a.All');
const bare = {
  text: 'x',
  whole: 7,
  long: null,
  bytes: Buffer.from([0xff]),
  fixed: null,
  at: null,
  micros: null,
  list: [],
  map: {},
  either: null,
  inner: null,
};

describe('jsonReader', () => {
  test('fills in defaults and nulls, and passes over what it does not know', () => {
    expect(problems).toEqual([]);
    expect(read({ text: 'x', more: 1 })).toEqual(bare);
  });

  test('reads bytes from base64, with and without padding', () => {
    const json = { text: 'x', bytes: 'aGk=', fixed: 'aGk', list: ['', 'AQ=='], map: { a: 'AQ' } };
    expect(read(json)).toEqual({
      ...bare,
      bytes: Buffer.from('hi'),
      fixed: Buffer.from('hi'),
      list: [Buffer.alloc(0), Buffer.from([1])],
      map: { a: Buffer.from([1]) },
    });
  });

  test.each([
    ['2017-01-01T00:00:00Z', 1_483_228_800_000, 1_483_228_800_000_000],
    ['2017-01-01T01:00:00.123456+01:00', 1_483_228_800_123, 1_483_228_800_123_456],
    ['1970-01-01T00:00:00.1Z', 100, 100_000],
  ])('reads times from %s', (text, at, micros) => {
    expect(read({ text: 'x', at: text, micros: text })).toEqual({ ...bare, at, micros });
  });

  test('reads the branch of a union that fits', () => {
    for (const either of [null, 5, true, 'five']) {
      expect(read({ text: 'x', either })).toEqual({ ...bare, either });
    }
  });

  test('reads records in themselves', () => {
    expect(read({ text: 'x', inner: { text: 'y', inner: null } })).toEqual({
      ...bare,
      inner: { ...bare, text: 'y' },
    });
  });

  test('reads a branch by its name where its value does not tell it', () => {
    expect(jsonReader(catalog, 'a.Way')({ way: { 'a.Card': { no: 'AQ==' } } })).toEqual({
      way: { 'a.Card': { no: Buffer.from([1]) } },
    });
  });

  test.each([
    [{}, 'text is undefined, which is no string'],
    [null, 'it is null, which is no a.All'],
    [[], 'it is "[]", which is no a.All'],
    [{ text: 'x', inner: [] }, 'inner is "[]"'],
    [{ text: 5 }, 'text is 5, which is no string'],
    [{ text: 'x', whole: 2 ** 31 }, 'whole is 2147483648, which is no int'],
    [{ text: 'x', long: 2 ** 53 }, 'long is 9007199254740992'],
    [{ text: 'x', bytes: 'a b' }, 'bytes is "a b", which is no bytes'],
    [{ text: 'x', fixed: 'AQ==' }, 'fixed is '],
    [{ text: 'x', at: 'today' }, 'at is "today"'],
    [{ text: 'x', at: '2017-13-01T00:00:00Z' }, 'at is "2017-13-01T00:00:00Z"'],
    [{ text: 'x', at: '2017-01-01' }, 'at is "2017-01-01"'],
    [{ text: 'x', list: { 0: 'AQ==' } }, 'list is {"0":"AQ=="}, which is no array'],
    [{ text: 'x', map: ['AQ=='] }, 'map is ["AQ=="], which is no map'],
    [{ text: 'x', either: {} }, 'either is {}'],
    [{ text: 'x', inner: { text: 'y', whole: 'z' } }, 'inner.whole is "z", which is no int'],
  ])('refuses %j', (json, reason) => {
    expect(() => read(json)).toThrow(`cannot read a.All: ${reason}`);
  });

  test('is not led astray by names that every object has', () => {
    const json: unknown = JSON.parse(
      '{"text":"x","__proto__":{"long":5},"map":{"__proto__":"AQ=="}}',
    );
    const value = read(json) as { map: object; long: unknown };
    expect(value.long).toBe(null);
    expect(Object.keys(value.map)).toEqual(['__proto__']);
    expect(() => read(JSON.parse('{"__proto__":{"text":"x"}}'))).toThrow('text is undefined');
  });
});

describe('numbers beyond what JSON keeps', () => {
  const { catalog: money } = loadCatalog([
    {
      file: 'm.avsc',
      text: `{ "type": "record", "name": "m.Money", "fields": [
        { "name": "amount", "type": { "type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2 } },
        { "name": "id", "type": ["null", { "type": "long", "logicalType": "bigint" }], "default": null } ] }`,
    },
  ]);
  const readMoney = jsonReader(money, 'm.Money');

  test.each([
    ['12.50', '12.50'],
    ['-0.5', '-0.5'],
    [12.5, '12.5'],
    [0.1, '0.1'],
    ['123456789012345678.25', '123456789012345678.25'],
  ])('are decimals: %j', (json, text) => {
    const { amount } = readMoney({ amount: json }) as { amount: unknown };
    expect(amount).toBeInstanceOf(Decimal);
    expect(jsonText({ amount })).toBe(`{"amount":"${text}"}`);
  });

  test('are bigints', () => {
    const { id } = readMoney({ amount: '1', id: '9223372036854775807' }) as { id: unknown };
    expect(id).toBe(9_223_372_036_854_775_807n);
    expect(jsonText({ id })).toBe('{"id":"9223372036854775807"}');
    expect(readMoney({ amount: '1', id: 5 })).toMatchObject({ id: 5n });
  });

  test.each([
    [{ amount: 1e21 }, 'amount is 1e+21'],
    [{ amount: 1234567890123456.5 }, 'amount is 1234567890123456.5'],
    [{ amount: '1.005' }, 'amount is '],
    [{ amount: '1,5' }, 'amount is "1,5"'],
    [{ amount: '1', id: 2 ** 53 }, 'id is 9007199254740992'],
    [{ amount: '1', id: '9223372036854775808' }, 'id is 9223372036854775808n'],
  ])('refuses %j', (json, reason) => {
    expect(() => readMoney(json)).toThrow(reason);
  });
});

describe('passedOver', () => {
  test('names the members that the type does not have, wherever they are', () => {
    const json = {
      text: 'x',
      Whole: 1,
      map: { any: 'AQ' },
      inner: { text: 'y', list: ['AQ'], inner: { text: 'z', txt: 1 } },
    };
    expect(passedOver(json, read(json))).toEqual(['Whole', 'inner.inner.txt']);
    const way = { way: { 'a.Card': { no: 'AQ', No: 1 } } };
    expect(passedOver(way, jsonReader(catalog, 'a.Way')(way))).toEqual(['way.a.Card.No']);
    expect(passedOver([{ a: [] }], [{}])).toEqual(['0.a']);
    expect(passedOver({ text: 'x' }, read({ text: 'x' }))).toEqual([]);
  });
});

describe('jsonText', () => {
  test('writes bytes as base64', () => {
    expect(jsonText({ a: Buffer.from('hi'), b: [Buffer.alloc(0)], c: null, d: 1.5 })).toBe(
      '{"a":"aGk=","b":[""],"c":null,"d":1.5}',
    );
  });

  test.each([
    [{ a: [0, { b: Infinity }] }, 'a.1.b is Infinity'],
    [NaN, 'it is NaN'],
  ])('refuses a number that JSON lacks', (value, reason) => {
    expect(() => jsonText(value)).toThrow(
      `cannot write JSON: ${reason}, which JSON has no number for`,
    );
  });

  test('writes what jsonReader reads again', () => {
    const bytes = fc.uint8Array({ maxLength: 9 }).map((it) => Buffer.from(it));
    const { all } = fc.letrec((tie) => ({
      all: fc.record({
        text: fc.string(),
        whole: fc.integer(),
        long: fc.option(fc.maxSafeInteger()),
        bytes,
        fixed: fc.option(
          fc.uint8Array({ minLength: 2, maxLength: 2 }).map((it) => Buffer.from(it)),
        ),
        at: fc.option(fc.maxSafeInteger()),
        micros: fc.option(fc.maxSafeInteger()),
        list: fc.array(bytes),
        map: fc.dictionary(fc.string(), bytes, { noNullPrototype: true }),
        either: fc.option(fc.oneof(fc.maxSafeInteger(), fc.boolean(), fc.string())),
        inner: fc.option(tie('all'), { maxDepth: 2 }),
      }),
    }));
    fc.assert(
      fc.property(all, (value) => {
        const plain: unknown = JSON.parse(jsonText(value));
        expect(jsonText(read(plain))).toBe(jsonText(value));
        expect(catalog.codec('a.All').isValid(read(plain))).toBe(true);
      }),
      { seed: 11, numRuns: 200 },
    );
  });
});
