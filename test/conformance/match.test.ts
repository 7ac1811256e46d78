import { describe, expect, test } from 'vitest';
import { compareStep, type OutputRow } from './match.ts';
import type { VectorMatch, VectorRow } from './vector.ts';

const row = (key: string, value: string, ts: number, output = 'o'): OutputRow => ({
  output,
  key,
  value,
  ts,
});
const a1 = row('a', '1', 1);
const a2 = row('a', '2', 2);
const b1 = row('b', '1', 3);

function holds(
  expected: readonly VectorRow[],
  actual: readonly OutputRow[],
  match?: VectorMatch,
  before: readonly OutputRow[] = [],
): boolean {
  const step = { inputs: [], expected, ...(match === undefined ? {} : { match }) };
  return compareStep(step, actual, ['o', 'p'], before).length === 0;
}

describe('compareStep', () => {
  test('compares rows in order, with their times, per output', () => {
    const p = row('c', '1', 4, 'p');
    expect(holds([p, a1, b1], [a1, p, b1])).toBe(true);
    expect(holds([a1, b1], [b1, a1])).toBe(false);
    expect(holds([a1], [a1, p])).toBe(false);
    expect(holds([a1], [{ ...a1, ts: 9 }])).toBe(false);
    expect(holds([{ output: 'o', key: 'a', value: '1' }], [{ ...a1, ts: 9 }])).toBe(true);
  });

  test('compares the new value of a change alone', () => {
    const change = { output: 'o', key: 'a', newValue: '1', oldValue: '0', ts: 1 };
    expect(holds([change], [a1])).toBe(true);
    expect(holds([{ ...change, newValue: null }], [a1])).toBe(false);
  });

  test.each<readonly [VectorMatch, readonly VectorRow[], readonly OutputRow[], boolean]>([
    ['unordered', [a1, b1], [b1, a1], true],
    ['unordered', [a1, a1], [a1, b1], false],
    ['prefix', [a1], [a1, b1], true],
    ['prefix', [b1], [a1, b1], false],
    ['latestByKey', [a2], [a1, a2], true],
    ['latestByKey', [a2], [a2, b1], false],
    ['latestForListedKeys', [a2], [a2, b1], true],
    ['latestForListedKeys', [a1], [a1, a2], false],
  ])('knows the match %s (%#)', (match, expected, actual, result) => {
    expect(holds(expected, actual, match)).toBe(result);
  });

  test('looks back for listed keys', () => {
    expect(holds([a1], [b1], 'latestForListedKeys', [a1])).toBe(true);
  });

  test('falls back on what the source asserts', () => {
    const step = { inputs: [], expected: [a2], sourceMatch: 'latestByKey' } as const;
    expect(compareStep(step, [a1, a2], ['o'])).toEqual([]);
    expect(compareStep(step, [a1], ['o'])).toEqual([{ output: 'o', expected: [a2], actual: [a1] }]);
  });
});
