import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import { orderPaid, startService } from './service-driver.ts';

let driver: TopologyDriver;
beforeEach(async () => {
  driver = await startService('warehouse');
});
afterEach(() => driver.close());

const paid = orderPaid('o1');
const pay = () => driver.pipe('paid', { key: 'o1', value: paid });
const pick = (storeId = '330') =>
  driver.pipe('picks', { key: 'o1', value: { orderId: 'o1', storeId, pickedAt: 7 } });
const key = { storeId: '330', orderId: 'o1' };
const open = { ...key, state: 'OPEN', lines: paid.lines };

describe('warehouse', () => {
  test('opens a pick list for a paid order, once', async () => {
    await pay();
    await pay();
    expect(driver.get('pick-lists', key)).toEqual(open);
    expect((await driver.all('lists')).map(({ value }) => value)).toEqual([open]);
    expect(await driver.all('picked')).toEqual([]);
  });

  test('ends the list and says that the goods have left when they are picked, once', async () => {
    await pay();
    await pick();
    await pick();
    expect(driver.get('pick-lists', key)).toEqual({ ...open, state: 'PICKED' });
    expect(
      (await driver.all('picked')).map(({ key: id, value, time }) => [id, value, time]),
    ).toEqual([['o1', { ...key, pickedAt: 7 }, 7]]);
    expect((await driver.all('lists')).map(({ value }) => value)).toEqual([
      open,
      { ...open, state: 'PICKED' },
    ]);
  });

  test('keeps open lists, and forgets picked ones in the end', async () => {
    await pay();
    const other = { ...orderPaid('o2'), storeId: paid.storeId };
    await driver.pipe('paid', { key: 'o2', value: other });
    await pick();
    const later = { orderId: 'o3', storeId: '330', pickedAt: 31 * 86_400_000 };
    await driver.pipe('picks', { key: 'o3', value: later });
    expect(driver.get('pick-lists', key)).toBeUndefined();
    expect(driver.get('pick-lists', { ...key, orderId: 'o2' })).toMatchObject({ state: 'OPEN' });
  });

  test.each(['330', '331'])('dead-letters a pick without a list in store %s', async (storeId) => {
    if (storeId === '331') await pay();
    await pick(storeId);
    const dead = await driver.all('warehouse.dead-letters');
    expect(dead).toHaveLength(1);
    expect(await driver.all('picked')).toEqual([]);
  });

  test('adds up what came to each store, each delivery once', async () => {
    const delivery = (id: string, quantity: number) => ({
      key: '330',
      value: { id, storeId: '330', productId: 'A', quantity, deliveredAt: 1 },
    });
    await driver.pipe('deliveries', delivery('d1', 5), delivery('d2', 2), delivery('d1', 5));
    expect(driver.get('received', '330')).toEqual({ deliveries: 2, pieces: 7 });
  });
});
