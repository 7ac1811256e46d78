import * as fc from 'fast-check';
import { filter, map } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { reserve } from '../../../processors/orders/reserve.ts';
import type { Event } from './orders-events.ts';
import { histories } from './orders-events.ts';
import { runHistory } from './run-history.ts';

const seed = 20170101;

/** True to the model, whatever happens and wherever it crashes. */
function property(functions: Readonly<Record<string, unknown>> = {}) {
  return fc.asyncProperty(histories, async (events) => {
    const { actual, expected, breaches } = await runHistory(events, functions);
    expect(breaches).toEqual([]);
    expect(actual).toEqual(expected);
  });
}

const stock: Event = { kind: 'deliver', id: 'd', storeId: 's1', productId: 'A', quantity: 5 };
const order: Event = {
  kind: 'place',
  order: {
    orderId: 'o1',
    storeId: 's1',
    customerId: 'c',
    currency: 'USD',
    placedAt: 1000,
    lines: [{ productId: 'A', quantity: 2, totalCents: 250 }],
    totalCents: 250,
  },
};
const pick: Event = { kind: 'pick', orderId: 'o1', storeId: 's1' };
const answer = (how: 'APPROVED' | 'DECLINED'): Event => ({ kind: 'answer', turn: 0, answer: how });

describe('orders.yaml', () => {
  test('is true to a small model of it, in random histories with crashes', async () => {
    await fc.assert(property(), { seed, numRuns: 40 });
  }, 120_000);

  test.each([
    ['a decline after the goods have left', [stock, order, pick, answer('DECLINED')], 1],
    ['a pick after a decline', [stock, order, answer('DECLINED'), pick], 1],
    ['a pick of nothing', [pick], 1],
    ['a pick twice', [stock, order, answer('APPROVED'), pick, pick], 0],
    ['a placement twice', [stock, order, order], 0],
  ] as const)('takes %s as the model does', async (_, events, deadLetters) => {
    const { actual, expected, breaches } = await runHistory(events);
    expect(breaches).toEqual([]);
    expect(actual).toEqual(expected);
    expect(actual.deadLetters).toBe(deadLetters);
  });
});

describe('a broken reserve is found: one that', () => {
  test.each<[string, typeof reserve]>([
    [
      'forgets a release',
      (inputs, context) =>
        reserve({ ...inputs, release: inputs.release.pipe(filter(() => false)) }, context),
    ],
    [
      'forgets what a delivery brought beyond one piece',
      (inputs, context) =>
        reserve(
          {
            ...inputs,
            stocked: inputs.stocked.pipe(
              map((it) => it.withValue({ ...it.value, quantity: Math.min(1, it.value.quantity) })),
            ),
          },
          context,
        ),
    ],
  ])(
    '%s',
    async (_, broken) => {
      const result = await fc.check(property({ reserve: broken }), {
        seed,
        numRuns: 40,
        endOnFailure: true,
      });
      expect(result.failed).toBe(true);
    },
    120_000,
  );
});
