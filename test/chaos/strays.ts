import avsc from 'avsc';
import type { Schema } from 'avsc';
import { readFile } from 'node:fs/promises';
import { RecordBatchBuilder } from '../../runtime/codec/batch-builder.ts';
import type { EmbeddedLog } from '../../runtime/embedded/embedded-log.ts';
import type { Append, Ownership } from '../../runtime/ports.ts';
import { schemaFolder } from '../../runtime/orders/shop-serdes.ts';
import type { OrderPaid, OrderPicked } from '../../schemas/orders/shop.ts';
import type { RetailBasket } from '../../schemas/orders/retail-basket.ts';
import { partitionOf } from '../../topology/core/murmur2.ts';
import { checkPlaced } from './checks/placed.ts';
import { readTopic } from './evidence.ts';
import type { Evidence, LoggedRecord } from './evidence.ts';
import type { Finding } from './finding.ts';
import { withFolder } from './open-folder.ts';
import { WireDecoder } from './wire.ts';

const nobody: Ownership = {
  assigned: () => Promise.resolve(),
  revoked: () => Promise.resolve(),
  lost: () => Promise.resolve(),
};
const group = 'strays';

/** Records that a careless producer sends between two lives: repeats, conflicts, what does not decode, picks of paid orders and of none. */
export class Strays {
  /** Order → records of it that came from here. */
  readonly #placed = new Map<string, number>();

  /** Sends a few, all in one transaction; of what the log holds already. */
  async send(data: string, random: () => number): Promise<void> {
    await withFolder(data, async (log) => {
      const placed = await recordsOf(log, 'orders.placed');
      const deliveries = await recordsOf(log, 'warehouse.deliveries');
      const paid = await recordsOf(log, 'orders.paid');
      const any = (records: readonly LoggedRecord[]): LoggedRecord | undefined =>
        records[Math.floor(random() * records.length)];
      const appends: Append[] = [];
      const add = (topic: string, key: Buffer | null, value: Buffer | null, time: number): void => {
        appends.push(append(topic, key ?? Buffer.alloc(0), value, time));
      };
      const [order, first, other, delivery, pay] = [
        any(placed),
        any(placed),
        any(placed),
        any(deliveries),
        any(paid),
      ];
      if (order !== undefined) {
        add(order.topic, order.key, order.value, order.time);
        add(order.topic, order.key, Buffer.from('no order'), order.time);
        this.#count(order);
        this.#count(order);
      }
      if (first !== undefined && other !== undefined && !isSameKey(first, other)) {
        add(first.topic, first.key, other.value, first.time);
        this.#count(first);
      }
      if (delivery !== undefined) {
        add(delivery.topic, delivery.key, delivery.value, delivery.time);
      }
      if (pay?.key !== undefined && pay.key !== null) {
        const decoder = new WireDecoder(log.registry);
        await decoder.prepare(pay.value);
        const { storeId } = decoder.decode(pay.value) as OrderPaid;
        for (const orderId of [String(pay.key), 'none']) {
          const pick = await pickValue(log, { orderId, storeId, pickedAt: pay.time });
          add('orders.picked', Buffer.from(orderId), pick, pay.time);
        }
      }
      if (appends.length > 0) await commit(log, appends);
    });
  }

  /** Every basket was placed once, but for what was sent from here. */
  checkPlaced(evidence: Evidence, baskets: readonly RetailBasket[]): readonly Finding[] {
    return checkPlaced(evidence, baskets, this.#placed);
  }

  #count({ key }: LoggedRecord): void {
    this.#placed.set(String(key), (this.#placed.get(String(key)) ?? 0) + 1);
  }
}

async function recordsOf(log: EmbeddedLog, topic: string): Promise<readonly LoggedRecord[]> {
  const info = await log.admin.describe(topic);
  return info === undefined ? [] : (await readTopic(log, topic, info.partitions)).flat();
}

function isSameKey(one: LoggedRecord, other: LoggedRecord): boolean {
  return String(one.key) === String(other.key);
}

function append(topic: string, key: Buffer, value: Buffer | null, time: number): Append {
  const builder = new RecordBatchBuilder();
  builder.appendPair(time, key, value, []);
  return { topic, partition: partitionOf(key, partitions), batch: builder.finish(), records: 1 };
}

/** Of every topic that strays go to: the topology file says so. */
const partitions = 4;

async function pickValue(log: EmbeddedLog, pick: OrderPicked): Promise<Buffer> {
  const text = await readFile(`${schemaFolder}order-picked.avsc`, 'utf8');
  const schema = JSON.parse(text) as Schema;
  const id = await log.registry.register('orders.picked-value', JSON.stringify(schema));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, avsc.Type.forSchema(schema).toBuffer(pick)]);
}

async function commit(log: EmbeddedLog, appends: readonly Append[]): Promise<void> {
  const membership = await log.join({ group, topics: [], slot: group }, nobody);
  const transactor = await log.transactor(group);
  try {
    await transactor.commit({ appends, positions: [] }, membership);
  } finally {
    await transactor.close();
    await membership.leave();
  }
}
