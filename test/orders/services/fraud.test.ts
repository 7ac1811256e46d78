import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { maxCents, maxOrders, watchedMs } from '../../../processors/orders/watch.ts';
import type { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import type { FraudAlert } from '../../../schemas/orders/fraud.ts';
import { orderPlaced, startService } from './service-driver.ts';

let driver: TopologyDriver;
beforeEach(async () => {
  driver = await startService('fraud');
});
afterEach(() => driver.close());

const start = 1_000_000_000;
let ids = 0;
async function order(at: number, totalCents = 100, id = `o${++ids}`): Promise<void> {
  const value = orderPlaced(id, { placedAt: start + at, totalCents });
  await driver.pipe('placed', { key: id, value });
}
async function alerts(): Promise<string[]> {
  const records = await driver.all('alerts');
  return records.map(({ value }) => {
    const { rule, orders, cents } = value as FraudAlert;
    return `${rule} ${orders} ${cents}`;
  });
}

describe('fraud', () => {
  test('raises one alert when a customer orders too often within a day', async () => {
    for (let i = 0; i < maxOrders - 1; i++) await order(i);
    expect(await alerts()).toEqual([]);
    await order(5);
    await order(6);
    expect(await alerts()).toEqual(['VELOCITY 4 400']);
  });

  test('raises none when the first of the orders is a day old', async () => {
    for (let i = 0; i < maxOrders - 1; i++) await order(i);
    await order(watchedMs);
    expect(await alerts()).toEqual([]);
    await order(watchedMs);
    expect(await alerts()).toEqual(['VELOCITY 4 400']);
  });

  test('raises another when the customer was below the limit in between', async () => {
    for (const at of [0, 1, 2, 3, watchedMs * 2, watchedMs * 2, watchedMs * 2, watchedMs * 2]) {
      await order(at);
    }
    expect(await alerts()).toEqual(['VELOCITY 4 400', 'VELOCITY 4 400']);
  });

  test('raises an alert at the very amount, and none a cent below', async () => {
    await order(0, maxCents - 1);
    expect(await alerts()).toEqual([]);
    await order(1, 1);
    expect(await alerts()).toEqual([`AMOUNT 2 ${maxCents}`]);
  });

  test('counts a repeated placement once', async () => {
    for (let i = 0; i < 6; i++) await order(0, 100, 'same');
    expect(await alerts()).toEqual([]);
  });

  test('leaves out an order that comes a day late', async () => {
    for (let i = 0; i < maxOrders - 1; i++) await order(watchedMs + i);
    await order(0);
    expect(await alerts()).toEqual([]);
  });
});
