import { describe, expect, test } from 'vitest';
import { DemandGatherer, isValidBasket, openingStock } from '../../runtime/orders/opening-stock.ts';
import type { BasketLine, RetailBasket } from '../../schemas/orders/retail-basket.ts';

const line = (productId: string, quantity: number, salesCents = 100): BasketLine => ({
  productId,
  quantity,
  salesCents,
  discountCents: 0,
});
const basket = (
  storeId: string,
  lines: readonly BasketLine[],
  checkedOutAt = 10,
): RetailBasket => ({
  basketId: 'b',
  householdId: 'h',
  storeId,
  checkedOutAt,
  lines,
});

function gather(...baskets: readonly RetailBasket[]): DemandGatherer {
  const demand = new DemandGatherer();
  for (const each of baskets) demand.add(each);
  return demand;
}

/** 40 stores, 50 products, 2,000 baskets of one line. */
const many = gather(
  ...Array.from({ length: 2000 }, (_, i) =>
    basket(`s${i % 40}`, [line(`p${Math.floor(i / 40)}`, 1 + (i % 3))]),
  ),
);

describe('isValidBasket', () => {
  test.each([
    ['a basket without lines', [], false],
    ['a quantity of 0', [line('A', 1), line('B', 0)], false],
    ['a quantity below 0', [line('A', -1)], false],
    ['money below 0', [line('A', 1, -1)], false],
    ['a line that costs nothing', [line('A', 1, 0)], true],
  ])('judges %s', (_, lines, valid) => {
    expect(isValidBasket(basket('s', lines))).toBe(valid);
  });
});

describe('openingStock', () => {
  test('is all that valid baskets ask for when no order is to be short', () => {
    const demand = gather(
      basket('1', [line('A', 2), line('B', 1)], 30),
      basket('2', [line('A', 5)], 20),
      basket('1', [line('A', 3)], 40),
      basket('1', [line('C', 0)], 10),
    );
    expect([...openingStock(demand, 0, 7)]).toEqual([
      { storeId: '1', productId: 'A', quantity: 5 },
      { storeId: '1', productId: 'B', quantity: 1 },
      { storeId: '2', productId: 'A', quantity: 5 },
    ]);
    expect(demand).toMatchObject({ orders: 3, pairs: 3, firstAt: 10 });
  });

  test('lacks one piece for about the share of orders', () => {
    const all = new Map(
      [...openingStock(many, 0, 1)].map((row) => [`${row.storeId}/${row.productId}`, row.quantity]),
    );
    const some = new Map(
      [...openingStock(many, 0.05, 1)].map((row) => [
        `${row.storeId}/${row.productId}`,
        row.quantity,
      ]),
    );
    const lacking = [...all].map(([pair, quantity]) => quantity - (some.get(pair) ?? 0));
    expect(new Set(lacking)).toEqual(new Set([0, 1]));
    const short = lacking.reduce((sum, pieces) => sum + pieces, 0);
    expect(short).toBeGreaterThan(70);
    expect(short).toBeLessThan(130);
  });

  test('is the same for the same seed and another for another', () => {
    const of = (seed: number) => [...openingStock(many, 0.05, seed)];
    expect(of(1)).toEqual(of(1));
    expect(of(2)).not.toEqual(of(1));
  });
});
