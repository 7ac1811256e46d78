import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { avroSerde, canRead, Decimal, loadCatalog, parseSchema } from '../../schemas/index.ts';
import { evolve } from './evolved.ts';
import { build, plainShapes } from './random-schemas.ts';

const buffer = Buffer.alloc(64 * 1024);

/** What a reader with one schema gets of a value that another schema wrote. */
function readAs(next: unknown, old: unknown, value: unknown): unknown {
  const [nextText, oldText] = [JSON.stringify(next), JSON.stringify(old)];
  const resolver = { schemaText: (id: number) => (id === 1 ? oldText : undefined) };
  const serde = (text: string, schemaId: number) => {
    const { catalog, problems } = loadCatalog([{ file: 'x.avsc', text }]);
    expect(problems).toEqual([]);
    const name = (JSON.parse(text) as { name: string }).name;
    return avroSerde(catalog, name, { schemaId, resolver });
  };
  const end = serde(oldText, 1).write(value, buffer, 0);
  return serde(nextText, 2).read(buffer, 0, end);
}

const one = (type: unknown, more: object = {}): object => ({
  type: 'record',
  name: 't.R',
  fields: [{ name: 'a', type, ...more }],
});

describe('a reader with another schema', () => {
  test('gets what the specification says, for any schema and any change that is allowed', () => {
    const changed = plainShapes.chain((shape) => {
      const { schema, values } = build({ kind: 'record', fields: [shape, shape] });
      return fc.record({
        schema: fc.constant(schema),
        value: values,
        choices: fc.array(fc.nat(1000), { minLength: 20, maxLength: 20 }),
      });
    });
    fc.assert(
      fc.property(changed, ({ schema, value, choices }) => {
        let at = 0;
        const evolved = evolve(
          schema,
          (bound) => (choices[at++ % choices.length] as number) % bound,
        );
        const verdict = canRead(
          parseSchema(JSON.stringify(evolved.schema)),
          parseSchema(JSON.stringify(schema)),
        );
        expect(verdict.readable).toBe(true);
        expect(readAs(evolved.schema, schema, value)).toEqual(evolved.convert(value));
      }),
      { seed: 9, numRuns: 400 },
    );
  });

  test('does not look at the defaults of who wrote', () => {
    const last = '9223372036854775807';
    const text = `{"type":"record","name":"t.R","fields":[{"name":"a","type":"long","default":${last}}]}`;
    const { catalog } = loadCatalog([{ file: 'x.avsc', text: JSON.stringify(one('long')) }]);
    const resolver = { schemaText: (id: number) => (id === 1 ? text : undefined) };
    const serde = avroSerde(catalog, 't.R', { schemaId: 2, resolver });
    expect(serde.read(Buffer.from([0, 0, 0, 0, 1, 10]), 0, 6)).toEqual({ a: 5 });
  });

  test.each([
    ['string', ['bytes', 'string'], 'x', 'x'],
    ['int', ['null', 'double', 'long'], 5, { double: 5 }],
    ['int', ['long', 'int'], 5, { int: 5 }],
    ['bytes', ['string', 'null'], Buffer.from('x'), 'x'],
  ])('takes the branch of the type of %j in %j', (old, next, value, expected) => {
    expect(readAs(one(next), one(old), { a: value })).toEqual({ a: expected });
  });

  test('takes the record of the same name among several of the same form', () => {
    const record = (name: string): object => ({
      type: 'record',
      name,
      fields: [{ name: 'n', type: 'int' }],
    });
    const next = one([record('t.A'), record('t.B')]);
    expect(readAs(next, one(record('t.B')), { a: { n: 1 } })).toEqual({ a: { 't.B': { n: 1 } } });
  });

  test('goes on after a branch that does not fit, with the same records elsewhere', () => {
    const inner = (type: string): object => ({
      type: 'record',
      name: 't.I',
      fields: [{ name: 'n', type }],
    });
    const old = {
      type: 'record',
      name: 't.R',
      fields: [
        { name: 'a', type: inner('long') },
        { name: 'b', type: 't.I' },
      ],
    };
    const union = [
      { type: 'record', name: 't.J', aliases: ['t.I'], fields: [{ name: 'n', type: 'int' }] },
      inner('double'),
    ];
    const next = {
      type: 'record',
      name: 't.R',
      fields: [
        { name: 'a', type: union },
        { name: 'b', type: ['null', 't.I'] },
      ],
    };
    expect(readAs(next, old, { a: { n: 1 }, b: { n: 2 } })).toEqual({
      a: { 't.I': { n: 1 } },
      b: { n: 2 },
    });
  });

  test('fills two fields from one that is a name of both', () => {
    const next = {
      type: 'record',
      name: 't.R',
      fields: [
        { name: 'a', type: 'long' },
        { name: 'b', type: 'double', aliases: ['a'] },
      ],
    };
    expect(readAs(next, one('int'), { a: 7 })).toEqual({ a: 7, b: 7 });
  });

  test.each([
    ['timestamp-millis', 'timestamp-micros', 1_500, 1_500_000],
    ['timestamp-millis', 'timestamp-nanos', 1_500, 1_500_000_000n],
    ['timestamp-micros', 'bigint', 5, 5n],
    ['bigint', 'timestamp-millis', 5n, 5],
  ])('means the same time: %s as %s', (from, to, value, expected) => {
    const of = (logicalType: string): object => one({ type: 'long', logicalType });
    expect(readAs(of(to), of(from), { a: value })).toEqual({ a: expected });
  });

  test('keeps the scale that a decimal was written with', () => {
    const of = (scale: number): object =>
      one({ type: 'bytes', logicalType: 'decimal', precision: 9, scale });
    const read = readAs(of(2), of(4), { a: Decimal.parse('1.2345') }) as { a: Decimal };
    expect(String(read.a)).toBe('1.2345');
  });

  test('refuses what would mean another time', () => {
    const of = (logicalType: string): object => one({ type: 'long', logicalType });
    expect(() => readAs(of('timestamp-millis'), of('timestamp-micros'), { a: 1 })).toThrow(
      expect.objectContaining({ code: 'SCHEMA_INCOMPATIBLE' }),
    );
  });
});
