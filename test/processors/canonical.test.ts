import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalText, equalValues } from '../../processors/canonical.ts';

describe('canonicalText', () => {
  test.each([
    [null, 'null'],
    [true, 'true'],
    [-0, '0'],
    [1.5, '1.5'],
    ['a"b', '"a\\"b"'],
    [Buffer.from([1, 255]), 'x01ff'],
    [[1, '1'], '[1,"1"]'],
    [{ b: 1, a: { d: [], c: null } }, '{"a":{"c":null,"d":[]},"b":1}'],
    [{}, '{}'],
  ])('writes %o as %s', (value, text) => {
    expect(canonicalText(value)).toBe(text);
  });

  test('tells bytes from the text that looks like them', () => {
    expect(equalValues(Buffer.from([1]), 'x01')).toBe(false);
  });

  test('is equal for equal values only', () => {
    const json = fc.jsonValue();
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(equalValues(a, structuredClone(a))).toBe(true);
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(equalValues(a, b)).toBe(same);
      }),
    );
  });
});

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
