import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addStock,
  releaseOrder,
  reserveOrder,
  settleOrder,
} from '../../processors/orders/stock.ts';
import type { StockChanges } from '../../processors/orders/stock.ts';
import type { Line, Stock } from '../../schemas/orders/shop.ts';

const line = (productId: string, quantity: number): Line => ({
  productId,
  quantity,
  totalCents: 0,
});
const stockOf = (rows: Record<string, Stock>) => (productId: string) => rows[productId];

describe('reserveOrder', () => {
  test('holds every line when all goods are there', () => {
    const stock = stockOf({ A: { onHand: 5, held: 1 }, B: { onHand: 2, held: 0 } });
    expect(reserveOrder(stock, [line('A', 4), line('B', 1)])).toEqual({
      kind: 'held',
      changes: new Map([
        ['A', { onHand: 5, held: 5 }],
        ['B', { onHand: 2, held: 1 }],
      ]),
    });
  });

  test('holds nothing and names what is missing when one line is one piece short', () => {
    const stock = stockOf({ A: { onHand: 5, held: 2 }, B: { onHand: 2, held: 0 } });
    expect(reserveOrder(stock, [line('B', 2), line('A', 4), line('C', 1)])).toEqual({
      kind: 'short',
      missing: [
        { productId: 'A', wanted: 4, available: 3 },
        { productId: 'C', wanted: 1, available: 0 },
      ],
    });
  });

  test('adds up lines of the same product', () => {
    const stock = stockOf({ A: { onHand: 5, held: 0 } });
    expect(reserveOrder(stock, [line('A', 3), line('A', 3)])).toEqual({
      kind: 'short',
      missing: [{ productId: 'A', wanted: 6, available: 5 }],
    });
  });
});

describe('the books of a store', () => {
  const product = fc.constantFrom('A', 'B', 'C');
  const lines = fc.array(
    fc.record({
      productId: product,
      quantity: fc.integer({ min: 1, max: 5 }),
      totalCents: fc.constant(0),
    }),
    { minLength: 1, maxLength: 4 },
  );
  const step = fc.oneof(
    fc.record({ kind: fc.constant('take' as const), lines }),
    fc.record({
      kind: fc.constant('stocked' as const),
      product,
      quantity: fc.integer({ min: 1, max: 9 }),
    }),
    fc.record({ kind: fc.constantFrom('release' as const, 'settle' as const), pick: fc.nat() }),
  );

  test('stay within 0 ≤ held ≤ onHand, and no piece appears or disappears', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const rows = new Map<string, Stock>();
        const stock = (productId: string): Stock | undefined => rows.get(productId);
        const apply = (changes: StockChanges): void => {
          for (const [productId, row] of changes) rows.set(productId, row);
        };
        const holds: (readonly Line[])[] = [];
        let came = 0;
        let left = 0;
        for (const each of steps) {
          if (each.kind === 'stocked') {
            rows.set(each.product, addStock(rows.get(each.product), each.quantity));
            came += each.quantity;
          } else if (each.kind === 'take') {
            const reservation = reserveOrder(stock, each.lines);
            if (reservation.kind === 'short') continue;
            apply(reservation.changes);
            holds.push(each.lines);
          } else if (holds.length > 0) {
            const [ended] = holds.splice(each.pick % holds.length, 1) as [readonly Line[]];
            apply((each.kind === 'release' ? releaseOrder : settleOrder)(stock, ended));
            if (each.kind === 'settle') left += pieces(ended);
          }
        }
        for (const { onHand, held } of rows.values()) {
          expect(held).toBeGreaterThanOrEqual(0);
          expect(held).toBeLessThanOrEqual(onHand);
        }
        const sum = (of: keyof Stock): number =>
          [...rows.values()].reduce((total, row) => total + row[of], 0);
        expect(sum('onHand')).toBe(came - left);
        expect(sum('held')).toBe(holds.reduce((total, each) => total + pieces(each), 0));
      }),
      { seed: 42, numRuns: 300 },
    );
  });
});

function pieces(lines: readonly Line[]): number {
  return lines.reduce((total, { quantity }) => total + quantity, 0);
}
