import { shopTopics } from '../shop-serdes.ts';
import type { ShopSerdes } from '../shop-serdes.ts';
import { readValues } from '../topic-values.ts';
import type { Log } from '../../ports.ts';

/** What services need of a paid order. */
export interface PaidOrder {
  readonly cents: number;
  readonly lines: number;
}

/** The records of `orders.paid`, each order once. */
export async function readPaidOrders(
  log: Log,
  serdes: Pick<ShopSerdes, 'paid' | 'fetchSchema'>,
): Promise<ReadonlyMap<string, PaidOrder>> {
  const paid = new Map<string, PaidOrder>();
  await readValues({ log, serdes }, shopTopics.paid, serdes.paid, (order) => {
    paid.set(order.orderId, { cents: order.totalCents, lines: order.lines.length });
  });
  return paid;
}

/** Sum of what was paid, cents. */
export function paidCents(paid: ReadonlyMap<string, PaidOrder>): number {
  let sum = 0;
  for (const { cents } of paid.values()) sum += cents;
  return sum;
}
