import { isRefusedRow } from '../task/refused-rows.ts';
import { decodeControl, isPlanKey } from '../task/task-control.ts';
import type { Log } from '../ports.ts';
import { isFinal } from '../../processors/orders/later-state.ts';
import type { State } from '../../schemas/orders/shop.ts';
import { countInFlight, isPickTopic } from './in-flight.ts';
import { shopTopics } from './shop-serdes.ts';
import type { ShopSerdes } from './shop-serdes.ts';
import { TopicReader } from './topic-reader.ts';
import { readValues } from './topic-values.ts';

/** What became of the orders of a log, from what is in its topics alone. */
export interface Tally {
  /** Records of `orders.placed`. */
  readonly placed: number;
  /** Of these, the same order again: absorbed by the stage `once`. */
  readonly duplicates: number;
  /** Orders by state. An order with two final states counts in both, so that the books do not add up. */
  readonly rejected: number;
  readonly short: number;
  readonly paid: number;
  readonly declined: number;
  /** Orders whose last word is PAYMENT_UNKNOWN. */
  readonly unknown: number;
  /** Orders that failed: dead letters, without those of deliveries and picks. */
  readonly deadLettered: number;
  /** Orders between two stages: unread records of the order path, and journaled calls. */
  readonly inFlight: number;
  /** Money of the records of `orders.paid`, each order once. */
  readonly paidCents: number;
  /** Department → money of paid orders, cents, largest first. */
  readonly revenue: ReadonlyMap<string, number>;
  /** Records of `orders.status` and `orders.paid` that say again what was said: 0 unless the application was reset. */
  readonly repeated: number;
  /** Ids of the orders that `unknown` counts. */
  readonly unknownOrders: ReadonlySet<string>;
}

/** Where a tally looks. */
export interface TallySources {
  readonly log: Log;
  readonly serdes: ShopSerdes;
  /** Product → department. */
  readonly departments: ReadonlyMap<string, string>;
}

/** Department of products that are in no list of products. */
export const unlisted = 'UNLISTED';

const bits = {
  PAID: 1,
  REJECTED: 2,
  OUT_OF_STOCK: 4,
  PAYMENT_DECLINED: 8,
  PAYMENT_UNKNOWN: 16,
} as const satisfies Record<State, number>;
const paidRecordBit = 32;
const finalBits = (Object.keys(bits) as State[])
  .filter(isFinal)
  .reduce((mask, state) => mask | bits[state], 0);

/** Reads the topics of the order system and adds up. The application must be at rest: what moves meanwhile may be missed or counted twice. */
export async function tallyOrders(sources: TallySources): Promise<Tally> {
  const { log } = sources;
  const orders = new OrderFold(sources);
  await orders.readStatus();
  await orders.readPaid();
  let placed = 0;
  await new TopicReader(log, shopTopics.placed).read(() => {
    placed += 1;
  });
  return {
    placed,
    duplicates: await countDuplicates(log),
    ...orders.counts(),
    deadLettered: await countDeadLetters(log),
    inFlight: await countInFlight(log),
  };
}

/** One entry per order: which states it had, and whether it is in `orders.paid`. */
class OrderFold {
  readonly #sources: TallySources;
  readonly #states = new Map<string, number>();
  readonly #revenue = new Map<string, number>();
  #paidCents = 0;
  #repeated = 0;

  constructor(sources: TallySources) {
    this.#sources = sources;
  }

  readStatus(): Promise<void> {
    const { log, serdes } = this.#sources;
    return readValues({ log, serdes }, shopTopics.status, serdes.status, ({ orderId, state }) => {
      this.#mark(orderId, bits[state]);
    });
  }

  readPaid(): Promise<void> {
    const { log, serdes, departments } = this.#sources;
    return readValues({ log, serdes }, shopTopics.paid, serdes.paid, (order) => {
      const { orderId, lines, totalCents } = order;
      if (!this.#mark(orderId, paidRecordBit)) return;
      this.#paidCents += totalCents;
      for (const { productId, totalCents: cents } of lines) {
        const department = departments.get(productId) ?? unlisted;
        this.#revenue.set(department, (this.#revenue.get(department) ?? 0) + cents);
      }
    });
  }

  counts(): Omit<Tally, 'placed' | 'duplicates' | 'deadLettered' | 'inFlight'> {
    const having = (bit: number): number => {
      let orders = 0;
      for (const mask of this.#states.values()) if ((mask & bit) !== 0) orders += 1;
      return orders;
    };
    const unknownOrders = new Set<string>();
    for (const [orderId, mask] of this.#states) {
      if ((mask & bits.PAYMENT_UNKNOWN) !== 0 && (mask & finalBits) === 0) {
        unknownOrders.add(orderId);
      }
    }
    return {
      rejected: having(bits.REJECTED),
      short: having(bits.OUT_OF_STOCK),
      paid: having(bits.PAID),
      declined: having(bits.PAYMENT_DECLINED),
      unknown: unknownOrders.size,
      paidCents: this.#paidCents,
      revenue: new Map([...this.#revenue].sort(([, a], [, b]) => b - a)),
      repeated: this.#repeated,
      unknownOrders,
    };
  }

  /** False, and counted, if the order had the mark. */
  #mark(orderId: string, bit: number): boolean {
    const mask = this.#states.get(orderId) ?? 0;
    this.#states.set(orderId, mask | bit);
    if ((mask & bit) === 0) return true;
    this.#repeated += 1;
    return false;
  }
}

/** What the stage `once` absorbed, from the counters of the tasks (invariant E5). */
async function countDuplicates(log: Log): Promise<number> {
  const tasks = new Map<string, number>();
  await new TopicReader(log, shopTopics.control).read((record) => {
    const value = record.value();
    const key = record.key();
    if (key === null || isRefusedRow(key) || isPlanKey(key)) return;
    const task = String(key);
    if (value === null) tasks.delete(task);
    else tasks.set(task, decodeControl(value).outcomes['once']?.duplicate ?? 0);
  });
  return [...tasks.values()].reduce((sum, duplicates) => sum + duplicates, 0);
}

/** Dead letters of orders: those of deliveries and picks are no orders. */
async function countDeadLetters(log: Log): Promise<number> {
  let count = 0;
  await new TopicReader(log, shopTopics.deadLetters).read((record) => {
    const topic = record.headers().find(([name]) => name === '__streams.errors.topic')?.[1];
    const name = String(topic ?? '');
    if (name !== shopTopics.deliveries && !isPickTopic(name)) count += 1;
  });
  return count;
}
