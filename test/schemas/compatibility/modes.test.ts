import { describe, expect, test } from 'vitest';
import type { CompatibilityMode } from '../../../schemas/index.ts';
import { checkCompatibility, compatibilityModes } from '../../../schemas/index.ts';
import { modeCandidates, modeVersions } from './mode-cases.ts';

const versions = modeVersions.map((schema, i) => ({ version: i + 1, schema }));

function taken(mode: CompatibilityMode): string[] {
  return Object.keys(modeCandidates).filter(
    (name) => checkCompatibility(mode, modeCandidates[name] as string, versions).compatible,
  );
}

describe('checkCompatibility', () => {
  test.each([
    ['NONE', 7],
    ['BACKWARD', 5],
    ['BACKWARD_TRANSITIVE', 5],
    ['FORWARD', 6],
    ['FORWARD_TRANSITIVE', 5],
    ['FULL', 4],
    ['FULL_TRANSITIVE', 3],
  ] as const)('%s takes %i of the candidates', (mode, count) => {
    expect(taken(mode)).toHaveLength(count);
  });

  test('takes the first schema of a subject in every mode', () => {
    for (const mode of compatibilityModes) {
      expect(checkCompatibility(mode, '"string"', [])).toEqual({ compatible: true, checks: [] });
    }
  });

  test('says version and direction of each comparison, newest first', () => {
    const next = modeCandidates['the note gone'] as string;
    const { compatible, checks } = checkCompatibility('FULL_TRANSITIVE', next, versions);
    expect(compatible).toBe(false);
    expect(
      checks.map(({ version, direction, verdict }) => [version, direction, verdict.compatible]),
    ).toEqual([
      [3, 'backward', true],
      [3, 'forward', true],
      [2, 'backward', true],
      [2, 'forward', true],
      [1, 'backward', true],
      [1, 'forward', false],
    ]);
  });

  test('says what is no schema', () => {
    expect(() => checkCompatibility('BACKWARD', '"shop.Nowhere"', versions)).toThrow(
      '"shop.Nowhere" is a type that the schema does not define',
    );
  });
});
