import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromPlain, toPlain } from '../../runtime/plain-json.ts';
import { Decimal } from '../../topology/core/decimal.ts';

const tags = fc.constantFrom(
  '$base64',
  '$decimal',
  '$long',
  '$number',
  '$object',
  '__proto__',
  'base64',
);
const { value } = fc.letrec((again) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, NaN, Infinity, -Infinity, -0, 2 ** 53 - 1, 1 - 2 ** 53),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.tuple(fc.bigInt(), fc.nat(9)).map(([unscaled, scale]) => new Decimal(unscaled, scale)),
    fc.array(again('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(tags, fc.string()), again('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
}));

describe('values as JSON', () => {
  test('come back as they were, whatever they are', () => {
    fc.assert(
      fc.property(value, (it) => {
        expect(fromPlain(JSON.parse(JSON.stringify(toPlain(it))))).toStrictEqual(it);
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  test.each([
    [Buffer.from([1, 2]), '{"$base64":"AQI="}'],
    [-0, '{"$number":"-0"}'],
    [NaN, '{"$number":"NaN"}'],
    [2 ** 53 - 1, '9007199254740991'],
    [new Decimal(-5n, 2), '{"$decimal":"-0.05"}'],
    [2n ** 63n - 1n, '{"$long":"9223372036854775807"}'],
    [{ $base64: 'AQI=' }, '{"$object":{"$base64":"AQI="}}'],
    [{ $base64: 'AQI=', more: 1 }, '{"$base64":"AQI=","more":1}'],
    [
      { lines: [{ id: 1, mark: Buffer.from('a') }] },
      '{"lines":[{"id":1,"mark":{"$base64":"YQ=="}}]}',
    ],
  ])('of %o are %s', (it, json) => {
    expect(JSON.stringify(toPlain(it))).toBe(json);
  });

  test.each([
    { $base64: 'A' },
    { $base64: 1 },
    { $number: 'nan' },
    { $number: 1 },
    { $decimal: '1e3' },
    { $long: '1.5' },
    { $object: [] },
  ])('refuse %j', (json) => {
    expect(() => fromPlain(json)).toThrow(SyntaxError);
  });
});
