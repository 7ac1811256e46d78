import { beforeEach, describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../runtime/codec/batch-builder.ts';
import { MemoryLog } from '../../runtime/memory/memory-log.ts';
import { MemoryRegistry } from '../../runtime/memory/memory-registry.ts';
import { openShopSerdes, shopTopics } from '../../runtime/orders/shop-serdes.ts';
import type { ShopSerdes } from '../../runtime/orders/shop-serdes.ts';
import { tallyOrders } from '../../runtime/orders/tally.ts';
import { TopicBatches } from '../../runtime/orders/topic-batches.ts';
import type { Append } from '../../runtime/ports.ts';
import { encodeControl } from '../../runtime/task/task-control.ts';
import type { OrderPlaced, State } from '../../schemas/orders/shop.ts';
import type { Header } from '../../topology/core/record.ts';

const group = { group: 'writer', topics: [], slot: 'writer' };
const ownership = {
  assigned: () => Promise.resolve(),
  revoked: () => Promise.resolve(),
  lost: () => Promise.resolve(),
};
const departments = new Map([
  ['A', 'GROCERY'],
  ['B', 'MEAT'],
]);

let log: MemoryLog;
let serdes: ShopSerdes;
beforeEach(async () => {
  log = new MemoryLog({ clock: { now: () => 0, monotonic: () => 0, after: () => () => {} } });
  serdes = await openShopSerdes(new MemoryRegistry());
});

const order = (orderId: string): OrderPlaced => ({
  orderId,
  storeId: 's',
  customerId: 'c',
  currency: 'USD',
  placedAt: 0,
  lines: [
    { productId: 'A', quantity: 1, totalCents: 100 },
    { productId: 'B', quantity: 1, totalCents: 250 },
    { productId: 'X', quantity: 1, totalCents: 7 },
  ],
  totalCents: 357,
});

async function write(appends: readonly Append[]): Promise<void> {
  const topics = new Set(appends.map(({ topic }) => topic));
  for (const name of topics) {
    await log.admin.create({ name, partitions: 2, cleanup: 'delete', retention: 'forever' });
  }
  const membership = await log.join(group, ownership);
  const transactor = await log.transactor('writer');
  await transactor.commit({ appends, positions: [] }, membership);
  await membership.leave();
}

async function place(...ids: readonly string[]): Promise<void> {
  const batches = new TopicBatches(shopTopics.placed, 2, serdes.placed);
  for (const id of ids) batches.add(id, order(id), 0);
  await write(batches.take());
}

async function say(state: State, ...ids: readonly string[]): Promise<void> {
  const statuses = new TopicBatches(shopTopics.status, 2, serdes.status);
  const paid = new TopicBatches(shopTopics.paid, 2, serdes.paid);
  for (const id of ids) {
    statuses.add(id, { orderId: id, state, at: 0, stage: 'x' }, 0);
    if (state === 'PAID') paid.add(id, order(id), 0);
  }
  await write([...statuses.take(), ...paid.take()]);
}

async function append(topic: string, key: string, value: Buffer | null, headers: Header[] = []) {
  const builder = new RecordBatchBuilder();
  builder.appendPair(0, Buffer.from(key), value, headers);
  await write([{ topic, partition: 0, batch: builder.finish(), records: 1 }]);
}

async function process(records: number): Promise<void> {
  const partitions = [0, 1].map((partition) => ({ topic: shopTopics.placed, partition }));
  const ends = await log.ends(partitions);
  let left = records;
  const positions = ends.map(({ topic, partition, end }) => {
    const offset = Math.min(left, end);
    left -= offset;
    return { topic, partition, offset };
  });
  await log.admin.setPositions('orders', positions);
}

const tally = () => tallyOrders({ log, serdes, departments });

describe('tallyOrders', () => {
  test('counts nothing in an empty log', async () => {
    expect(await tally()).toEqual({
      placed: 0,
      duplicates: 0,
      rejected: 0,
      short: 0,
      paid: 0,
      declined: 0,
      unknown: 0,
      deadLettered: 0,
      inFlight: 0,
      paidCents: 0,
      revenue: new Map(),
      repeated: 0,
      unknownOrders: new Set(),
    });
  });

  test('counts each order by its state, and the money of the paid ones', async () => {
    await place('o1', 'o2', 'o3', 'o4', 'o5', 'o6');
    await process(6);
    await say('PAID', 'o1', 'o2');
    await say('REJECTED', 'o3');
    await say('OUT_OF_STOCK', 'o4');
    await say('PAYMENT_DECLINED', 'o5');
    await say('PAYMENT_UNKNOWN', 'o6');
    expect(await tally()).toMatchObject({
      placed: 6,
      rejected: 1,
      short: 1,
      paid: 2,
      declined: 1,
      unknown: 1,
      inFlight: 0,
      paidCents: 714,
      repeated: 0,
      unknownOrders: new Set(['o6']),
    });
    expect([...(await tally()).revenue]).toEqual([
      ['MEAT', 500],
      ['GROCERY', 200],
      ['UNLISTED', 14],
    ]);
  });

  test('lets a final state have the last word over PAYMENT_UNKNOWN, whichever came first', async () => {
    await say('PAYMENT_UNKNOWN', 'o1');
    await say('PAID', 'o1', 'o2');
    await say('PAYMENT_UNKNOWN', 'o2');
    expect(await tally()).toMatchObject({ paid: 2, unknown: 0 });
  });

  test('counts an order with two final states twice', async () => {
    await say('PAID', 'o1');
    await say('PAYMENT_DECLINED', 'o1');
    expect(await tally()).toMatchObject({ paid: 1, declined: 1 });
  });

  test('counts an order once, and its repeats, when records are doubled', async () => {
    await say('PAID', 'o1');
    await say('PAID', 'o1');
    expect(await tally()).toMatchObject({ paid: 1, paidCents: 357, repeated: 2 });
  });

  test('takes duplicates from the last counters of each task', async () => {
    const control = (duplicate: number) =>
      encodeControl({
        times: { streamTime: 0, partitionTimes: {}, operatorTimes: {}, dues: {}, sequences: {} },
        positions: {},
        outcomes: { once: { in: 9, duplicate }, arrived: { duplicate: 50 } },
      });
    await append(shopTopics.control, 'once_0', control(1));
    await append(shopTopics.control, 'once_1', control(3));
    await append(shopTopics.control, 'once_0', control(2));
    expect(await tally()).toMatchObject({ duplicates: 5 });
  });

  test('counts dead letters of orders, not of deliveries and picks', async () => {
    const from = (topic: string): Header[] => [['__streams.errors.topic', Buffer.from(topic)]];
    for (const topic of [
      shopTopics.placed,
      'orders-charge-repartition',
      shopTopics.deliveries,
      'orders.picked',
      'orders-reserve-settle-repartition',
    ]) {
      await append(shopTopics.deadLetters, 'k', Buffer.from('v'), from(topic));
    }
    expect(await tally()).toMatchObject({ deadLettered: 2 });
  });

  test('has in flight what is unread on the order path and what is journaled', async () => {
    await place('o1', 'o2', 'o3', 'o4', 'o5');
    await process(3);
    await append('orders-reserve-take-repartition', 's', Buffer.from('x'));
    await append('orders-reserve-settle-repartition', 's', Buffer.from('x'));
    await append('orders-charge-journal-changelog', '1', Buffer.from('x'));
    await append('orders-charge-journal-changelog', '2', Buffer.from('x'));
    await append('orders-charge-journal-changelog', '1', null);
    expect(await tally()).toMatchObject({ placed: 5, inFlight: 2 + 1 + 1 });
  });
});
