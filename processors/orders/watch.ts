import { mergeMap } from 'rxjs';
import type { CustomerActivity, FraudAlert, RecentOrder } from '../../schemas/orders/fraud.ts';
import type { OrderPlaced } from '../../schemas/orders/shop.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { ProcessContext, ProcessStage } from '../process.ts';
import type { KeyValueStore } from '../store.ts';

/** What `watch` takes, keyed by customer. */
export interface WatchInputs {
  readonly [port: string]: StreamRecord;
  readonly placed: StreamRecord<string, OrderPlaced>;
}

/** What `watch` sends, keyed by customer. */
export interface WatchOutputs {
  readonly [port: string]: StreamRecord;
  readonly alerts: StreamRecord<string, FraudAlert>;
}

/** The store of `watch`: customer → latest orders. */
export interface WatchStores {
  readonly activity: KeyValueStore<string, CustomerActivity>;
}

/** The time that is looked at, ms: before and including a customer's latest order. */
export const watchedMs = 24 * 3_600_000;
/** So many orders within that time are an alert. */
export const maxOrders = 4;
/** So many cents within that time are an alert. */
export const maxCents = 25_000;

/** Raises an alert when an order takes a customer over a limit: once, until the customer has been below it again. A repeated placement counts once. */
export const watch: ProcessStage<WatchInputs, WatchOutputs, WatchStores> = (inputs, context) => ({
  alerts: inputs.placed.pipe(mergeMap((record) => look(record, context))),
});

function look(
  record: StreamRecord<string, OrderPlaced>,
  context: ProcessContext<WatchStores>,
): StreamRecord<string, FraudAlert>[] {
  const { orderId, placedAt: at, totalCents: cents } = record.value;
  const activity = context.store('activity');
  const known = activity.get(record.key)?.orders ?? [];
  if (known.some((order) => order.orderId === orderId)) return [];
  const latest = Math.max(at, ...known.map((order) => order.at));
  const before = known.filter((order) => order.at > latest - watchedMs);
  // An order that comes too late to be looked at would be forgotten at once.
  if (at <= latest - watchedMs) return [];
  const orders = [...before, { orderId, at, cents }].sort(byTime);
  activity.put(record.key, { orders });
  const alert = (rule: FraudAlert['rule']): StreamRecord<string, FraudAlert> =>
    record.withValue({
      customerId: record.key,
      rule,
      orderId,
      orders: orders.length,
      cents: sum(orders),
      at,
    });
  const alerts: StreamRecord<string, FraudAlert>[] = [];
  if (before.length < maxOrders && orders.length >= maxOrders) alerts.push(alert('VELOCITY'));
  if (sum(before) < maxCents && sum(orders) >= maxCents) alerts.push(alert('AMOUNT'));
  return alerts;
}

function byTime(one: RecentOrder, other: RecentOrder): number {
  return one.at - other.at || (one.orderId < other.orderId ? -1 : 1);
}

function sum(orders: readonly RecentOrder[]): number {
  return orders.reduce((cents, order) => cents + order.cents, 0);
}
