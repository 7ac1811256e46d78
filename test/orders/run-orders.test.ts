import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../processors/orders/provider/ledger.ts';
import { createProvider } from '../../processors/orders/provider/server.ts';
import type { Position } from '../../runtime/ports.ts';
import { MemoryLog } from '../../runtime/memory/memory-log.ts';
import { MemoryRegistry } from '../../runtime/memory/memory-registry.ts';
import { runOrders } from '../../runtime/orders/run-orders.ts';
import type { OrdersApplication, RunOptions } from '../../runtime/orders/run-orders.ts';
import { openShopSerdes, shopTopics } from '../../runtime/orders/shop-serdes.ts';
import type { ShopSerdes } from '../../runtime/orders/shop-serdes.ts';
import { sampleBaskets } from '../../runtime/orders/start-options.ts';
import { conservationHolds, ledgerHolds } from '../../runtime/orders/summary.ts';
import { TopicBatches } from '../../runtime/orders/topic-batches.ts';
import { TopicReader } from '../../runtime/orders/topic-reader.ts';
import type { OrderPlaced } from '../../schemas/orders/shop.ts';
import type { Plan, TopicPlan } from '../../topology/plan/plan.ts';

const ownership = {
  assigned: () => Promise.resolve(),
  revoked: () => Promise.resolve(),
  lost: () => Promise.resolve(),
};
const stream = (name: string): TopicPlan => ({
  name,
  role: 'stream',
  partitions: 4,
  cleanup: 'delete',
  retention: 'forever',
  internal: false,
  coPartitionedWith: [],
});
const plan: Plan = {
  application: 'orders',
  errors: { deadLetter: 'orders.dead-letters' },
  subTopologies: [],
  globalTables: [],
  topics: new Map(Object.values(shopTopics).map((name) => [name, stream(name)])),
  stores: new Map(),
  calls: new Map(),
};

/** Takes whatever is placed, and pays for it, on every tick. */
class PayEverything implements OrdersApplication {
  readonly log: MemoryLog;
  readonly registry = new MemoryRegistry();
  readonly plan = plan;
  failure: unknown;
  quiet = false;
  ticking = true;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.log = new MemoryLog({
      clock: {
        now: () => 0,
        monotonic: () => 0,
        after: () => () => {},
      },
    });
  }

  async run(): Promise<void> {
    const serdes = await openShopSerdes(this.registry);
    for (const name of [shopTopics.status, shopTopics.paid]) {
      await this.log.admin.create({ ...stream(name), partitions: 4 });
    }
    const placed = new TopicReader(this.log, shopTopics.placed);
    while (this.ticking) {
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
      this.quiet = false;
      // As of before the read: what is placed meanwhile is not taken yet.
      const ends = await this.#ends();
      const orders: OrderPlaced[] = [];
      await placed.read(({ buffer, valueStart, valueEnd }) => {
        orders.push(serdes.placed.read(buffer, valueStart, valueEnd));
      });
      if (orders.length > 0) await this.#pay(orders, serdes);
      await this.log.admin.setPositions('orders', ends);
      this.quiet = true;
    }
  }

  async #pay(orders: readonly OrderPlaced[], serdes: ShopSerdes): Promise<void> {
    const status = new TopicBatches(shopTopics.status, 4, serdes.status);
    const paid = new TopicBatches(shopTopics.paid, 4, serdes.paid);
    const charges: Promise<void>[] = [];
    for (const order of orders) {
      const { orderId, customerId, totalCents: cents, currency } = order;
      const charge = { key: orderId, chargeId: orderId, orderId, customerId, cents, currency };
      charges.push(this.#ledger.append({ ...charge, state: 'APPROVED' }));
      status.add(orderId, { orderId, state: 'PAID', at: 0, stage: 'fan-out' }, 0);
      paid.add(orderId, order, 0);
    }
    await Promise.all(charges);
    const membership = await this.log.join({ group: 'w', topics: [], slot: 'w' }, ownership);
    const transactor = await this.log.transactor('w');
    const appends = [...status.take(), ...paid.take()];
    await transactor.commit({ appends, positions: [] }, membership);
    await membership.leave();
  }

  async #ends(): Promise<Position[]> {
    const positions: Position[] = [];
    for (const topic of [shopTopics.placed, shopTopics.deliveries]) {
      if ((await this.log.admin.describe(topic)) === undefined) continue;
      const partitions = [0, 1, 2, 3].map((partition) => ({ topic, partition }));
      for (const { partition, end } of await this.log.ends(partitions)) {
        positions.push({ topic, partition, offset: end });
      }
    }
    return positions;
  }
}

let folder: string;
let ledger: Ledger;
let server: Server;
let application: PayEverything;
let running: Promise<void>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-orders-'));
  ledger = await Ledger.open(join(folder, 'ledger'));
  const behaviour = {
    outage: () => false,
    next: () => ({ latencyMs: 0, state: 'APPROVED', answer: 'given' }) as const,
  };
  const used = (): void => {};
  server = createProvider({ ledger, behaviour, monotonic: () => 0, identity: 'test', used });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  application = new PayEverything(ledger);
  running = application.run();
});
afterEach(async () => {
  application.ticking = false;
  await running;
  server.closeAllConnections();
  server.close();
  await ledger.close();
  await rm(folder, { recursive: true });
});

function run(options: Partial<RunOptions> = {}) {
  return runOrders(application, {
    orders: sampleBaskets,
    data: 'data',
    seed: 1,
    shortShare: 0.03,
    payments: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    signal: new AbortController().signal,
    monotonic: () => performance.now(),
    progress: () => {},
    ...options,
  });
}

describe('runOrders', () => {
  test('ends when all that was loaded has been taken, and adds up the sample', async () => {
    const summary = await run();
    if (summary === undefined) throw new Error('it was not interrupted');
    const { tally, run: figures } = summary;
    expect(tally).toMatchObject({ placed: 5000, paid: 5000, duplicates: 0, inFlight: 0 });
    expect(tally.paidCents).toBe([...tally.revenue.values()].reduce((sum, cents) => sum + cents));
    expect([...tally.revenue.keys()][0]).toBe('GROCERY');
    expect(conservationHolds(tally)).toBe(true);
    expect(ledgerHolds(tally, summary.ledger)).toBe(true);
    expect(figures.orders).toBe(5000);
  });

  test('adds nothing the second time', async () => {
    const first = await run();
    const second = await run();
    expect(second?.tally).toEqual(first?.tally);
    expect(second?.ledger).toEqual(first?.ledger);
    expect(second?.run).toMatchObject({ orders: 0, latency: undefined });
  });

  test('waits for what runs beside it, and takes its report', async () => {
    const report = { service: 'x', lines: [], figures: { n: 1 }, holds: true };
    let asked = 0;
    let polls = 0;
    const besides = {
      poll: () => Promise.resolve((polls += 1)),
      atRest: () => Promise.resolve((asked += 1) > 5),
      report: () => Promise.resolve([report]),
    };
    const summary = await run({ besides });
    expect(summary?.services).toEqual([report]);
    expect(asked).toBeGreaterThan(6);
    expect(polls).toBeGreaterThan(5);
  });

  test('throws what made the application fail', async () => {
    application.failure = new Error('the stage line stopped');
    await expect(run()).rejects.toThrow('the stage line stopped');
  });

  test('throws what is wrong with the file of baskets', async () => {
    await expect(run({ orders: join(folder, 'none.avro') })).rejects.toMatchObject({
      code: 'INPUT_FILE',
    });
  });

  test('has no summary when it is interrupted, and goes on later', async () => {
    const abort = new AbortController();
    const progress = ({ baskets }: { readonly baskets: number }): void => {
      if (baskets > 0) abort.abort();
    };
    expect(await run({ signal: abort.signal, progress })).toBeUndefined();
    expect((await run())?.tally).toMatchObject({ placed: 5000, paid: 5000 });
  });

  test('refuses a topology that does not declare what the loader writes to', async () => {
    const topics = new Map([...plan.topics].filter(([name]) => name !== shopTopics.placed));
    const other: OrdersApplication = {
      log: application.log,
      registry: application.registry,
      quiet: false,
      failure: undefined,
      plan: { ...plan, topics },
    };
    const refused = runOrders(other, {
      orders: sampleBaskets,
      data: 'data',
      seed: 1,
      shortShare: 0,
      payments: '',
      signal: new AbortController().signal,
      monotonic: () => 0,
      progress: () => {},
    });
    await expect(refused).rejects.toThrow('the topology does not declare topic orders.placed');
  });
});
