import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import type { Line } from '../../../schemas/orders/shop.ts';
import { orderPaid, orderPlaced, startService } from './service-driver.ts';

let driver: TopologyDriver;
beforeEach(async () => {
  driver = await startService('analytics');
  await driver.pipe(
    'products',
    { key: 'A', value: { productId: 'A', department: 'GROCERY' } },
    { key: 'B', value: { productId: 'B', department: 'MEAT' } },
    { key: 'C', value: { productId: 'C', department: null } },
  );
});
afterEach(() => driver.close());

const line = (productId: string, quantity: number, totalCents: number): Line => ({
  productId,
  quantity,
  totalCents,
});
const lines = [line('A', 1, 100), line('A', 2, 201), line('B', 1, 50), line('X', 1, 7)];
const place = (id: string, change = {}) =>
  driver.pipe('placed', { key: id, value: orderPlaced(id, { lines, ...change }) });
const pay = (id: string, change = {}) =>
  driver.pipe('paid', { key: id, value: orderPaid(id, { lines, ...change }) });

async function reports(name: string): Promise<Readonly<Record<string, unknown>>> {
  const records = await driver.all(name);
  return Object.fromEntries(records.map(({ key, value }) => [key as string, value]));
}

describe('analytics', () => {
  test('counts an order once in its store and in each of its departments', async () => {
    await place('o1');
    await pay('o1');
    const sold = { placedOrders: 1, paidOrders: 1, conversion: 1 };
    expect(await reports('by-department')).toEqual({
      GROCERY: { ...sold, placedUnits: 3, paidUnits: 3, revenueCents: 301 },
      MEAT: { ...sold, placedUnits: 1, paidUnits: 1, revenueCents: 50 },
      UNLISTED: { ...sold, placedUnits: 1, paidUnits: 1, revenueCents: 7 },
    });
    expect(await reports('by-store')).toEqual({
      330: { ...sold, placedUnits: 5, paidUnits: 5, revenueCents: 358 },
    });
  });

  test('gives the share of orders that were paid', async () => {
    for (const id of ['o1', 'o2', 'o3', 'o4']) await place(id);
    await pay('o2');
    expect(await reports('by-store')).toMatchObject({
      330: { placedOrders: 4, paidOrders: 1, conversion: 0.25 },
    });
  });

  test('counts what was placed or paid twice once', async () => {
    await place('o1');
    await pay('o1');
    const before = await reports('by-store');
    await place('o1');
    await pay('o1');
    expect(await reports('by-store')).toEqual(before);
  });

  test('has no conversion while only the payment came', async () => {
    await pay('o1');
    expect(await reports('by-store')).toMatchObject({ 330: { paidOrders: 1, conversion: 0 } });
  });

  test('counts no units of a line that asks for none, and products without a department as unlisted', async () => {
    await place('o1', { lines: [line('C', -2, 0), line('C', 1, 5)] });
    expect(await reports('by-department')).toMatchObject({ UNLISTED: { placedUnits: 1 } });
  });
});
