import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { canRead, parseSchema, resolves } from '../../../schemas/index.ts';
import { corpus } from './corpus.ts';

const recorded = JSON.parse(
  readFileSync(new URL('registry-verdicts.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, boolean>>;

function verdictOf({ old, next }: { old: unknown; next: unknown }) {
  return canRead(parseSchema(JSON.stringify(next)), parseSchema(JSON.stringify(old)));
}

describe('the corpus', () => {
  test('has more than 300 pairs of both kinds, each with a name of its own', () => {
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
    expect(corpus.length).toBeGreaterThan(300);
    expect(Object.values(recorded).filter(Boolean).length).toBeGreaterThan(100);
    expect(Object.values(recorded).filter((verdict) => !verdict).length).toBeGreaterThan(100);
  });

  test('is judged as the registry judged it', () => {
    const ours = corpus.map((pair) => [pair.name, verdictOf(pair).compatible]);
    expect(Object.fromEntries(ours)).toEqual(recorded);
  });

  test('is read by the serdes exactly where the verdict says so', () => {
    for (const pair of corpus) {
      const { old, next } = pair;
      const read = resolves(JSON.stringify(next), JSON.stringify(old));
      expect(read, pair.name).toBe(verdictOf(pair).readable);
    }
  });

  test('has a difference for each pair that is refused, and none that breaks for the others', () => {
    for (const pair of corpus) {
      const breaking = verdictOf(pair).differences.filter(({ effect }) => effect === 'breaks');
      expect(breaking.length > 0, pair.name).toBe(recorded[pair.name] === false);
    }
  });

  test('has these pairs that registries let pass and Millrace refuses', () => {
    const stricter = corpus.filter((pair) => {
      const { compatible, readable } = verdictOf(pair);
      return compatible && !readable;
    });
    expect(stricter.map(({ name }) => name)).toEqual([
      'micros as millis',
      'timestamp as local',
      'date as time',
      'date as timestamp',
    ]);
  });
});
