import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import type { State } from '../../../schemas/orders/shop.ts';
import { orderPaid, orderStatus, startService } from './service-driver.ts';

let driver: TopologyDriver;
beforeEach(async () => {
  driver = await startService('loyalty');
});
afterEach(() => driver.close());

const pay = (id: string, totalCents: number) =>
  driver.pipe('paid', { key: id, value: orderPaid(id, { totalCents }) });
const say = (id: string, state: State) =>
  driver.pipe('status', { key: id, value: orderStatus(id, state) });

describe('loyalty', () => {
  test('gives one point for each whole dollar', async () => {
    await pay('o1', 1999);
    await pay('o2', 100);
    await pay('o3', 99);
    expect(driver.get('points', 'c1')).toBe(20);
    expect((await driver.read('changes')).map(({ key, value }) => [key, value])).toEqual([
      ['c1', { orderId: 'o1', customerId: 'c1', points: 19 }],
      ['c1', { orderId: 'o2', customerId: 'c1', points: 1 }],
    ]);
    expect((await driver.all('balances')).at(-1)).toMatchObject({ key: 'c1', value: 20 });
  });

  test('gives the points of an order once', async () => {
    await pay('o1', 500);
    await pay('o1', 500);
    expect(driver.get('points', 'c1')).toBe(5);
  });

  test('takes the points of an order that is undone back, once', async () => {
    await pay('o1', 500);
    await pay('o2', 300);
    await say('o1', 'PAYMENT_DECLINED');
    await say('o1', 'PAYMENT_DECLINED');
    expect(driver.get('points', 'c1')).toBe(3);
  });

  test('gives none for an order that was undone before its payment came', async () => {
    await say('o1', 'PAYMENT_DECLINED');
    await pay('o1', 500);
    expect(driver.get('points', 'c1')).toBeUndefined();
  });

  test.each(['PAID', 'PAYMENT_UNKNOWN'] as const)('leaves points alone at %s', async (state) => {
    await pay('o1', 500);
    await say('o1', state);
    expect(driver.get('points', 'c1')).toBe(5);
  });
});
