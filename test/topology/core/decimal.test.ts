import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal } from '../../../topology/core/decimal.ts';

const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.nat(12))
  .map(([unscaled, scale]) => new Decimal(unscaled, scale));

describe('Decimal', () => {
  test.each([
    ['12.50', 1250n, 2],
    ['-0.05', -5n, 2],
    ['0.00', 0n, 2],
    ['+7', 7n, 0],
    ['00.1', 1n, 1],
  ])('parses %s', (text, unscaled, scale) => {
    expect(Decimal.parse(text)).toEqual(new Decimal(unscaled, scale));
  });

  test.each(['', '.5', '5.', '1e3', ' 1', '0x1', '1,5', 'NaN'])('refuses the text "%s"', (text) => {
    expect(() => Decimal.parse(text)).toThrow(`"${text}" is no decimal: write it like 12.50`);
  });

  test.each([-1, 1.5, NaN])('refuses the scale %d', (scale) => {
    expect(() => new Decimal(1n, scale)).toThrow(RangeError);
  });

  test('comes back from its text and its JSON, whatever it is', () => {
    fc.assert(
      fc.property(decimals, (it) => {
        expect(Decimal.parse(String(it))).toEqual(it);
        expect(JSON.stringify({ it })).toBe(`{"it":"${String(it)}"}`);
      }),
    );
  });

  test('compares by value, whatever the scales', () => {
    fc.assert(
      fc.property(decimals, fc.nat(5), (it, more) => {
        const wider = it.rescale(it.scale + more) as Decimal;
        expect(wider.equals(it)).toBe(true);
        const next = new Decimal(wider.unscaled + 1n, wider.scale);
        expect([next.compare(it), it.compare(next)]).toEqual([1, -1]);
        expect(wider.rescale(it.scale)).toEqual(it);
      }),
    );
  });

  test('is not rescaled where digits would be lost', () => {
    expect(Decimal.parse('1.25').rescale(1)).toBeUndefined();
    expect(String(Decimal.parse('1.20').rescale(1))).toBe('1.2');
  });

  test('gives the nearest number', () => {
    expect(Decimal.parse('-12.50').toNumber()).toBe(-12.5);
  });
});
