import type { RetailBasket } from '../../schemas/orders/retail-basket.ts';
import type { Delivery, OrderPlaced } from '../../schemas/orders/shop.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import type { Append, Log, TopicSpec } from '../ports.ts';
import type { ContainerFile } from './container-file.ts';
import { loaderTopic, placeAppend, readPlace } from './loader-place.ts';
import type { LoaderPlace } from './loader-place.ts';
import { DemandGatherer, openingStock } from './opening-stock.ts';
import type { ShopSerdes } from './shop-serdes.ts';
import { OutsideWriter } from './outside-writer.ts';
import { TopicBatches } from './topic-batches.ts';

/** What the loader reads, and where it writes. */
export interface LoaderOptions {
  readonly log: Log;
  readonly serdes: Pick<ShopSerdes, 'placed' | 'deliveries'>;
  readonly baskets: ContainerFile<RetailBasket>;
  readonly topics: { readonly placed: TopicSpec; readonly deliveries: TopicSpec };
  /** Seed of the opening stock. */
  readonly seed: number;
  /** Share of valid orders that are to find goods missing, 0…1; 0: there is enough of everything. */
  readonly shortShare: number;
  /** Ends the loading after the transaction that is under way. */
  readonly signal: AbortSignal;
  /** Called after each transaction of orders, with their ids. */
  readonly committed?: (orderIds: readonly string[]) => void;
  /** Called after each transaction. */
  readonly progress?: (place: LoaderPlace) => void;
}

const ordersPerTransaction = 500;
const deliveriesPerTransaction = 2000;
/** Opening stock comes this long before the first basket. */
const openingLeadMs = 3_600_000;

/** The order that a basket stands for: a line's money is what was paid for it. */
export function orderOf(basket: RetailBasket): OrderPlaced {
  let totalCents = 0;
  const lines = basket.lines.map(({ productId, quantity, salesCents }) => {
    totalCents += salesCents;
    return { productId, quantity, totalCents: salesCents };
  });
  const { basketId: orderId, storeId, householdId: customerId, checkedOutAt: placedAt } = basket;
  return { orderId, storeId, customerId, currency: 'USD', placedAt, lines, totalCents };
}

/**
 * Sends the opening stock and then the baskets of a file, from where an earlier call stopped. Records and the place in the file are in one transaction, so a file
 * is loaded once, however often this is called or killed. Returns the place reached.
 *
 * @throws {ConfigError} INPUT_FILE when the file is damaged; what comes before is loaded
 * @throws {ConfigError} LOADER_PARTITIONS when a topic has another number of partitions than the topology says
 */
export async function loadBaskets(options: LoaderOptions): Promise<LoaderPlace> {
  const { log, topics } = options;
  await createTopic(log, {
    name: loaderTopic,
    partitions: 1,
    cleanup: 'compact',
    retention: 'forever',
  });
  await createTopic(log, topics.deliveries);
  await createTopic(log, topics.placed);
  const writer = await OutsideWriter.open(log, loaderTopic);
  try {
    return await new Loader(options, writer).run();
  } finally {
    await writer.close();
  }
}

async function createTopic(log: Log, spec: TopicSpec): Promise<void> {
  const { partitions } = await log.admin.create(spec);
  if (partitions === spec.partitions) return;
  throw new ConfigError(
    'LOADER_PARTITIONS',
    `topic ${spec.name} has ${partitions} partitions, the topology says ${spec.partitions}: use another data folder, or change the topology file`,
  );
}

class Loader {
  readonly #options: LoaderOptions;
  readonly #writer: OutsideWriter;

  constructor(options: LoaderOptions, writer: OutsideWriter) {
    this.#options = options;
    this.#writer = writer;
  }

  async run(): Promise<LoaderPlace> {
    const { log, baskets, seed } = this.#options;
    const fresh = { seed, deliveries: 0, stocked: false, baskets: 0, place: baskets.start };
    const stored = (await readPlace(log, baskets.identity)) ?? fresh;
    const stocked = stored.stocked ? stored : await this.#stock(stored);
    return stocked.stocked ? this.#orders(stocked) : stocked;
  }

  async #stock(stored: LoaderPlace): Promise<LoaderPlace> {
    const { baskets, serdes, shortShare, topics, signal } = this.#options;
    const demand = new DemandGatherer();
    for await (const { values } of baskets.chunks(baskets.start, ordersPerTransaction)) {
      for (const basket of values) demand.add(basket);
      if (signal.aborted) return stored;
    }
    const { name, partitions } = topics.deliveries;
    const batches = new TopicBatches<Delivery>(name, partitions, serdes.deliveries);
    const deliveredAt = demand.firstAt - openingLeadMs;
    const ids = `opening-${baskets.identity.slice(0, 8)}`;
    let now = stored;
    let deliveries = 0;
    for (const { storeId, productId, quantity } of openingStock(demand, shortShare, stored.seed)) {
      deliveries += 1;
      if (deliveries <= stored.deliveries) continue;
      const id = `${ids}-${storeId}-${productId}`;
      batches.add(storeId, { id, storeId, productId, quantity, deliveredAt }, deliveredAt);
      if (deliveries - now.deliveries < deliveriesPerTransaction) continue;
      now = await this.#commit(batches.take(), { ...now, deliveries }, deliveredAt);
      if (signal.aborted) return now;
    }
    const at = Number.isFinite(deliveredAt) ? deliveredAt : 0;
    return this.#commit(batches.take(), { ...now, deliveries, stocked: true }, at);
  }

  async #orders(stored: LoaderPlace): Promise<LoaderPlace> {
    const { baskets, serdes, topics, signal, committed } = this.#options;
    const { name, partitions } = topics.placed;
    const batches = new TopicBatches<OrderPlaced>(name, partitions, serdes.placed);
    let now = stored;
    for await (const { values, next } of baskets.chunks(stored.place, ordersPerTransaction)) {
      if (signal.aborted) return now;
      let at = 0;
      for (const basket of values) {
        at = Math.max(at, basket.checkedOutAt);
        batches.add(basket.basketId, orderOf(basket), basket.checkedOutAt);
      }
      const reached = { ...now, baskets: now.baskets + values.length, place: next };
      now = await this.#commit(batches.take(), reached, at);
      committed?.(values.map(({ basketId }) => basketId));
    }
    return now;
  }

  /** Records and place in one transaction (E1): a crash before it sends them again, a crash after it does not. */
  async #commit(
    records: readonly Append[],
    place: LoaderPlace,
    timeMs: number,
  ): Promise<LoaderPlace> {
    const appends = [...records, placeAppend(this.#options.baskets.identity, place, timeMs)];
    await this.#writer.write(appends);
    this.#options.progress?.(place);
    return place;
  }
}
