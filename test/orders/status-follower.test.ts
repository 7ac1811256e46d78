import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryLog } from '../../runtime/memory/memory-log.ts';
import { MemoryRegistry } from '../../runtime/memory/memory-registry.ts';
import { openShopSerdes, shopTopics } from '../../runtime/orders/shop-serdes.ts';
import type { ShopSerdes } from '../../runtime/orders/shop-serdes.ts';
import { StatusFollower } from '../../runtime/orders/status-follower.ts';
import { TopicBatches } from '../../runtime/orders/topic-batches.ts';

const ownership = {
  assigned: () => Promise.resolve(),
  revoked: () => Promise.resolve(),
  lost: () => Promise.resolve(),
};
const ids = (count: number) => Array.from({ length: count }, (_, i) => `o${i}`);

let log: MemoryLog;
let serdes: ShopSerdes;
let now: number;
let follower: StatusFollower;
beforeEach(async () => {
  now = 0;
  log = new MemoryLog({ clock: { now: () => 0, monotonic: () => 0, after: () => () => {} } });
  serdes = await openShopSerdes(new MemoryRegistry());
  follower = new StatusFollower(log, () => now);
});

async function end(orderIds: readonly string[]): Promise<void> {
  const name = shopTopics.status;
  await log.admin.create({ name, partitions: 4, cleanup: 'delete', retention: 'forever' });
  const batches = new TopicBatches(name, 4, serdes.status);
  for (const orderId of orderIds) {
    batches.add(orderId, { orderId, state: 'PAID', at: 0, stage: 'fan-out' }, 0);
  }
  const membership = await log.join({ group: 'w', topics: [], slot: 'w' }, ownership);
  const transactor = await log.transactor('w');
  await transactor.commit({ appends: batches.take(), positions: [] }, membership);
  await membership.leave();
}

describe('StatusFollower', () => {
  test('counts what comes after the start, each record once', async () => {
    await end(ids(10));
    await follower.skipPresent();
    expect(await follower.poll()).toBe(false);
    await end(ids(7));
    expect(await follower.poll()).toBe(true);
    expect(await follower.poll()).toBe(false);
    expect(follower.ended).toBe(7);
  });

  test('measures a sample of orders from their commit to their end', async () => {
    await follower.skipPresent();
    now = 1000;
    follower.committed(ids(800));
    now = 1030;
    await end(ids(790));
    await follower.poll();
    now = 3000;
    await end(ids(800).slice(790));
    await follower.poll();
    expect(follower.latency()).toEqual({ p50Ms: 30, p99Ms: 2000 });
  });

  test('has no latency before an order of this run ended', async () => {
    await follower.skipPresent();
    follower.committed(ids(100));
    await end(['another']);
    await follower.poll();
    expect(follower.latency()).toBeUndefined();
  });
});
