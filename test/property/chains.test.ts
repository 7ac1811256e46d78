import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scenario } from './arbitraries.ts';
import { difference, reference, run } from './run.ts';

describe('random chains of operators', () => {
  test('give the same whatever the cuts, transactions, aborts and crashes', async () => {
    await fc.assert(
      fc.asyncProperty(scenario({ nulls: true }), async (it) => {
        expect(difference(await reference(it), await run(it))).toBeUndefined();
      }),
      { numRuns: 120 },
    );
  }, 120_000);
});
