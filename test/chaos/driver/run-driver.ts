import { reserve } from '../../../processors/orders/reserve.ts';
import { checkedGraph, readTopology } from '../../../runtime/app/topology-source.ts';
import type { CrashPoint } from '../../../runtime/engine/committer.ts';
import { seededRandom } from '../../../topology/core/random.ts';
import { orderOf } from '../../../runtime/orders/loader.ts';
import { DemandGatherer, openingStock } from '../../../runtime/orders/opening-stock.ts';
import { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import type { RetailBasket } from '../../../schemas/orders/retail-basket.ts';
import type { OrderPaid } from '../../../schemas/orders/shop.ts';
import { gatherEvidence, traceTopic } from '../evidence.ts';
import type { Evidence } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { ordersTopology } from '../open-folder.ts';
import { FakeProvider } from './fake-provider.ts';
import { verify } from '../verify.ts';

/** A run of the order system in the test driver. */
export interface DriverRun {
  readonly baskets: readonly RetailBasket[];
  readonly seed: number;
  /** Crash there, at seeded turns; undefined: never. */
  readonly point: CrashPoint | undefined;
  readonly crashes: number;
  /** Share of orders that find goods missing; 0: unlimited stock. */
  readonly shortShare: number;
  /** Send repeats, conflicts, picks and deliveries of nothing. */
  readonly strays: boolean;
}

export interface DriverResult {
  readonly evidence: Evidence;
  readonly findings: readonly Finding[];
  readonly crashes: number;
}

const basketsPerChunk = 10;
const deliveriesPerChunk = 200;

/** Runs the baskets through the order system, chunk by chunk, and verifies what is left. */
export async function runInDriver(options: DriverRun): Promise<DriverResult> {
  const random = seededRandom(options.seed);
  const provider = new FakeProvider(options.seed);
  const topology = readTopology(ordersTopology);
  const { definition } = checkedGraph(topology);
  const driver = await TopologyDriver.start({
    definition,
    schemas: topology.catalog,
    functions: { reserve },
    calls: { payments: provider.handler },
    seed: options.seed,
    trace: traceTopic,
    options: { 'batch-records': 7, 'random-cuts': { seed: options.seed } },
  });
  try {
    const run = new Run(driver, options, random);
    await run.deliver();
    await run.place();
    // An answer that is none is asked for again, twelve times.
    await driver.advance('2h');
    const { plan, log, registry, state } = driver;
    const evidence = await gatherEvidence({
      plan,
      log,
      registry,
      state,
      ledger: provider.ledger,
    });
    const rebuilt = new Findings('never-rebuilt');
    for (const report of driver.reports) rebuilt.add(report);
    const findings = [...verify(evidence, provider.answerTo), ...rebuilt.list()];
    return { evidence, findings, crashes: driver.crashes };
  } finally {
    await driver.close();
  }
}

class Run {
  readonly #driver: TopologyDriver;
  readonly #options: DriverRun;
  readonly #random: () => number;
  #armed = 0;

  constructor(driver: TopologyDriver, options: DriverRun, random: () => number) {
    this.#driver = driver;
    this.#options = options;
    this.#random = random;
  }

  async deliver(): Promise<void> {
    const { baskets, shortShare, seed, strays } = this.#options;
    const demand = new DemandGatherer();
    for (const basket of baskets) demand.add(basket);
    const deliveredAt = demand.firstAt - 3_600_000;
    const records = [...openingStock(demand, shortShare, seed)].map((amount) => {
      const id = `opening-${amount.storeId}-${amount.productId}`;
      return { key: amount.storeId, time: deliveredAt, value: { id, ...amount, deliveredAt } };
    });
    for (let i = 0; i < records.length; i += deliveriesPerChunk) {
      await this.#driver.send('deliveries', ...records.slice(i, i + deliveriesPerChunk));
      await this.#settle();
    }
    const [first] = records;
    if (!strays || first === undefined) return;
    const none = { ...first.value, id: 'nothing', quantity: 0 };
    const conflict = { ...first.value, quantity: first.value.quantity + 1 };
    await this.#driver.send('deliveries', first, { ...first, value: none });
    await this.#driver.send('deliveries', { ...first, value: conflict });
    await this.#settle();
  }

  async place(): Promise<void> {
    const { baskets } = this.#options;
    for (let i = 0; i < baskets.length; i += basketsPerChunk) {
      const orders = baskets.slice(i, i + basketsPerChunk).map(orderOf);
      const records = orders.map((value) => ({
        key: value.orderId,
        time: value.placedAt,
        value,
      }));
      await this.#driver.send('placed', ...records);
      await this.#settle();
      if (this.#options.strays && this.#random() < 0.5) await this.#stray(baskets.slice(0, i + 1));
      await this.#driver.advance(Math.floor(this.#random() * 1000));
    }
  }

  /** An order again, an order with another's body, and picks: of a paid order, and of none. */
  async #stray(baskets: readonly RetailBasket[]): Promise<void> {
    const any = <T>(list: readonly T[]): T | undefined =>
      list[Math.floor(this.#random() * list.length)];
    const one = any(baskets);
    const other = any(baskets);
    if (one === undefined || other === undefined) return;
    const order = orderOf(one);
    await this.#driver.send('placed', { key: order.orderId, value: order });
    if (one !== other) {
      await this.#driver.send('placed', { key: order.orderId, value: orderOf(other) });
    }
    const paid = any(await this.#driver.all('paid'));
    if (paid !== undefined) {
      const { orderId, storeId } = paid.value as OrderPaid;
      for (const id of [orderId, 'none']) {
        const value = { orderId: id, storeId, pickedAt: one.checkedOutAt };
        await this.#driver.send('picked', { key: id, value });
      }
    }
    await this.#settle();
  }

  /** Works to the end, with a crash on the way while there are crashes left. One is armed at a time: the next start must not crash. */
  async #settle(): Promise<void> {
    const { point, crashes } = this.#options;
    if (point !== undefined && this.#armed < crashes && this.#driver.crashes === this.#armed) {
      this.#armed += 1;
      this.#driver.crashAt(point, Math.floor(this.#random() * 6));
    }
    await this.#driver.settle();
  }
}
