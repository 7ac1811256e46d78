import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalText } from '../../processors/canonical.ts';
import { modelScenario, scenario } from './arbitraries.ts';
import { examples } from './examples.ts';
import { modelOf, type PlainRecord } from './model.ts';
import { difference, reference, run } from './run.ts';

/** Key → values and times, as a run's result has them. */
function byKey(records: readonly PlainRecord[]): ReadonlyMap<string, readonly string[]> {
  const result = new Map<string, string[]>();
  for (const { key, value, time } of records) {
    const place = `output "out", key ${canonicalText(key)}`;
    result.set(place, [...(result.get(place) ?? []), `${value} at ${time}`]);
  }
  return result;
}

describe('random chains of operators', () => {
  test('give the same whatever the cuts, transactions, aborts and crashes', async () => {
    await fc.assert(
      fc.asyncProperty(scenario({ nulls: true }), async (it) => {
        expect(difference(await reference(it), await run(it))).toBeUndefined();
      }),
      { numRuns: 120, examples: examples.map((it) => [it]) },
    );
  }, 120_000);

  test('give what a plain model gives that takes one record at a time', async () => {
    await fc.assert(
      fc.asyncProperty(modelScenario(), async (it) => {
        const of = (part: 'in' | 'names') =>
          it.rounds.flatMap((round) => round[part]) as readonly PlainRecord[];
        const outputs = [...(await run(it))].filter(([place]) => place.startsWith('output "out"'));
        const expected = byKey(modelOf(it.chain, of('in'), of('names')));
        expect(new Map(outputs)).toEqual(expected);
      }),
      { numRuns: 120 },
    );
  }, 120_000);
});
