import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avsc from 'avsc';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryLog } from '../../runtime/memory/memory-log.ts';
import { MemoryRegistry } from '../../runtime/memory/memory-registry.ts';
import type { ContainerFile } from '../../runtime/orders/container-file.ts';
import { openBaskets, readSchema } from '../../runtime/orders/input-schemas.ts';
import { loadBaskets, orderOf } from '../../runtime/orders/loader.ts';
import type { LoaderOptions } from '../../runtime/orders/loader.ts';
import { openShopSerdes, shopTopics } from '../../runtime/orders/shop-serdes.ts';
import type { ShopSerdes } from '../../runtime/orders/shop-serdes.ts';
import { TopicReader } from '../../runtime/orders/topic-reader.ts';
import type { RetailBasket } from '../../schemas/orders/retail-basket.ts';
import type { Delivery, OrderPlaced } from '../../schemas/orders/shop.ts';
import type { Serde } from '../../schemas/serde.ts';
import { ProductionError } from '../../topology/core/errors.ts';
import { partitionOf } from '../../topology/core/murmur2.ts';

const baskets: readonly RetailBasket[] = Array.from({ length: 1700 }, (_, i) => ({
  basketId: `b${i}`,
  householdId: `h${i % 7}`,
  storeId: `s${i % 5}`,
  checkedOutAt: 1_483_271_606_000 + i * 1000,
  lines: [
    { productId: `p${i % 300}`, quantity: 1 + (i % 2), salesCents: 250, discountCents: 10 },
    { productId: `p${i % 11}`, quantity: 1, salesCents: 99, discountCents: 0 },
    // Enough pairs of store and product for several transactions of deliveries.
    ...[1, 2, 3].map((n) => ({
      productId: `q${i}-${n}`,
      quantity: n,
      salesCents: 1,
      discountCents: 0,
    })),
  ],
}));
const pairs = new Set(
  baskets.flatMap(({ storeId, lines }) => lines.map((l) => storeId + l.productId)),
);

let folder: string;
let file: ContainerFile<RetailBasket>;
let serdes: ShopSerdes;
let log: MemoryLog;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loader-'));
  const path = join(folder, 'baskets.avro');
  const type = avsc.Type.forSchema(await readSchema('retail-basket'));
  const encoder = avsc.createFileEncoder(path, type, { codec: 'deflate', blockSize: 20_000 });
  const stream = once(encoder, 'end');
  for (const basket of baskets) encoder.write(basket);
  encoder.end();
  await stream;
  await expect.poll(() => countBaskets(path)).toBe(baskets.length);
  file = await openBaskets(path);
  serdes = await openShopSerdes(new MemoryRegistry());
  log = new MemoryLog({ clock: { now: () => 0, monotonic: () => 0, after: () => () => {} } });
});
afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

async function countBaskets(path: string): Promise<number> {
  let count = 0;
  try {
    const opened = await openBaskets(path);
    for await (const { values } of opened.chunks(opened.start, 1000)) count += values.length;
    await opened.close();
  } catch {
    return -1;
  }
  return count;
}

function load(options: Partial<LoaderOptions> = {}) {
  const spec = { partitions: 4, cleanup: 'delete', retention: 'forever' } as const;
  return loadBaskets({
    log,
    serdes,
    baskets: file,
    topics: {
      placed: { ...spec, name: shopTopics.placed },
      deliveries: { ...spec, name: shopTopics.deliveries },
    },
    seed: 1,
    shortShare: 0,
    signal: new AbortController().signal,
    ...options,
  });
}

async function readTopic<T>(topic: string, serde: Serde<T>): Promise<(readonly [string, T])[]> {
  const records: (readonly [string, T])[] = [];
  await new TopicReader(log, topic).read((record) => {
    const { buffer, valueStart, valueEnd } = record;
    records.push([String(record.key()), serde.read(buffer, valueStart, valueEnd)]);
  });
  return records;
}
const readOrders = () => readTopic<OrderPlaced>(shopTopics.placed, serdes.placed);
const readDeliveries = () => readTopic<Delivery>(shopTopics.deliveries, serdes.deliveries);
const everyOrder = baskets.map((basket) => [basket.basketId, orderOf(basket)]);
const byId = (orders: readonly (readonly [string, unknown])[]) =>
  orders.toSorted(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)));

describe('loadBaskets', () => {
  test('sends every basket once as an order, keyed by its id', async () => {
    expect(await load()).toMatchObject({ baskets: 1700, stocked: true });
    expect(byId(await readOrders())).toEqual(everyOrder);
    expect(orderOf(baskets[1] as RetailBasket)).toEqual({
      orderId: 'b1',
      storeId: 's1',
      customerId: 'h1',
      currency: 'USD',
      placedAt: 1_483_271_607_000,
      lines: [
        { productId: 'p1', quantity: 2, totalCents: 250 },
        { productId: 'p1', quantity: 1, totalCents: 99 },
        { productId: 'q1-1', quantity: 1, totalCents: 1 },
        { productId: 'q1-2', quantity: 2, totalCents: 1 },
        { productId: 'q1-3', quantity: 3, totalCents: 1 },
      ],
      totalCents: 352,
    });
  });

  test('sends a transaction again that the log has aborted', async () => {
    let commits = 0;
    log.transactor = async (slot) => {
      const inner = await MemoryLog.prototype.transactor.call(log, slot);
      return {
        async commit(transaction, membership) {
          commits += 1;
          // As Kafka does when a connection breaks: one in two.
          if (commits % 2 === 1) throw new ProductionError('TRANSACTION_ABORTED', 'broken');
          return inner.commit(transaction, membership);
        },
        close: () => inner.close(),
      };
    };
    expect(await load()).toMatchObject({ baskets: 1700, stocked: true });
    expect(byId(await readOrders())).toEqual(everyOrder);
    expect(await readDeliveries()).toHaveLength(pairs.size);
  });

  test('puts each order into the partition of its key', async () => {
    await load();
    for (let partition = 0; partition < 4; partition++) {
      const ends = await log.ends([{ topic: shopTopics.placed, partition }]);
      const expected = baskets.filter(
        ({ basketId }) => partitionOf(Buffer.from(basketId), 4) === partition,
      );
      expect(ends[0]?.end).toBe(expected.length);
    }
  });

  test('stocks each store with all that is asked of it, before the first basket', async () => {
    await load();
    const deliveries = await readDeliveries();
    expect(deliveries).toHaveLength(pairs.size);
    const pieces = deliveries.reduce((sum, [, { quantity }]) => sum + quantity, 0);
    expect(pieces).toBe(baskets.flatMap((b) => b.lines).reduce((sum, l) => sum + l.quantity, 0));
    for (const [key, delivery] of deliveries) {
      expect(key).toBe(delivery.storeId);
      expect(delivery.deliveredAt).toBe(1_483_271_606_000 - 3_600_000);
    }
    expect(new Set(deliveries.map(([, { id }]) => id)).size).toBe(pairs.size);
  });

  test('commits all deliveries before the first order', async () => {
    const topics: string[] = [];
    log.onCommit = async ({ appends }) => void topics.push(...appends.map(({ topic }) => topic));
    await load();
    expect(topics.lastIndexOf(shopTopics.deliveries)).toBeLessThan(
      topics.indexOf(shopTopics.placed),
    );
  });

  test('adds nothing when it is called again', async () => {
    const first = await load();
    let commits = 0;
    log.onCommit = async () => void commits++;
    expect(await load({ seed: 2 })).toEqual({ ...first, deliveries: pairs.size });
    expect(commits).toBe(0);
  });

  test.each([0, 1, 2, 3, 4, 5, 6])('goes on where transaction %i failed', async (failing) => {
    let transaction = 0;
    log.onCommit = async () => {
      if (transaction++ === failing) throw new Error('crash');
    };
    await expect(load({ shortShare: 0.1 })).rejects.toThrow('crash');
    log.onCommit = undefined;
    await load({ shortShare: 0.1, seed: 99 });
    expect(byId(await readOrders())).toEqual(everyOrder);
    const ids = (await readDeliveries()).map(([, { id }]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(pairs.size * 0.7);
  });

  test('stops after the transaction under way when it is told to', async () => {
    const abort = new AbortController();
    const loaded = await load({
      signal: abort.signal,
      committed: () => abort.abort(),
    });
    expect(loaded.baskets).toBeGreaterThan(0);
    expect(loaded.baskets).toBeLessThanOrEqual(500);
    expect(await readOrders()).toHaveLength(loaded.baskets);
  });

  test('refuses a topic with another number of partitions', async () => {
    await log.admin.create({
      name: shopTopics.placed,
      partitions: 2,
      cleanup: 'delete',
      retention: 'forever',
    });
    await expect(load()).rejects.toThrow(
      'topic orders.placed has 2 partitions, the topology says 4',
    );
  });
});
