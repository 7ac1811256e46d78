import { describe, expect, test } from 'vitest';
import { summaryLines } from './summary-reporter.ts';

describe('summaryLines', () => {
  test('closes with the counts alone on a line', () => {
    expect(
      summaryLines([
        { name: 'a', state: 'passed' },
        { name: 'b', state: 'failed' },
        { name: 'c', state: 'passed' },
      ]),
    ).toEqual(['3 of 3 tests ran', '2 passed, 1 failed, 0 skipped']);
  });

  test('names each skipped test under its reason', () => {
    expect(
      summaryLines([
        { name: 'a', state: 'skipped', note: 'no disk' },
        { name: 'b', state: 'passed' },
        { name: 'c', state: 'skipped' },
        { name: 'd', state: 'skipped', note: 'no disk' },
      ]),
    ).toEqual([
      '1 of 4 tests ran',
      'skipped (no disk):',
      '  a',
      '  d',
      'skipped (no reason given):',
      '  c',
      '1 passed, 0 failed, 3 skipped',
    ]);
  });

  test('warns loudly of tests that found no broker', () => {
    const note = 'no broker: there is no Java';
    const lines = summaryLines([
      { name: 'a', state: 'passed' },
      { name: 'b', state: 'skipped', note },
      { name: 'c', state: 'skipped', note },
      { name: 'd', state: 'skipped', note: 'slow' },
    ]);
    expect(lines.slice(-2)).toEqual([
      '2 TESTS AGAINST A REAL KAFKA DID NOT RUN: CONTRIBUTING.md says what they need',
      '1 passed, 0 failed, 3 skipped',
    ]);
    expect(lines).toContain('skipped (no broker: there is no Java):');
  });

  test('lists at most 20 names for a reason', () => {
    const outcomes = Array.from({ length: 22 }, (_, i) => ({
      name: `test ${i}`,
      state: 'skipped' as const,
      note: 'slow',
    }));
    const lines = summaryLines(outcomes);
    expect(lines.slice(19)).toEqual([
      '  test 17',
      '  test 18',
      '  test 19',
      '  and 2 more',
      '0 passed, 0 failed, 22 skipped',
    ]);
  });
});
