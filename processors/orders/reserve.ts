import { filter, map, merge, share } from 'rxjs';
import type {
  Delivery,
  Held,
  Hold,
  Line,
  OrderPicked,
  OrderPlaced,
  Released,
  Short,
  Stock,
  StockKey,
} from '../../schemas/orders/shop.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import { canonicalText } from '../canonical.ts';
import { effect } from '../effect.ts';
import type { ProcessContext, ProcessStage } from '../process.ts';
import type { KeyValueStore } from '../store.ts';
import { addStock, releaseOrder, reserveOrder, settleOrder } from './stock.ts';
import type { StockChanges, StockOf } from './stock.ts';

/** What `reserve` takes; each is keyed by store. */
export interface ReserveInputs {
  readonly [port: string]: StreamRecord;
  readonly take: StreamRecord<string, OrderPlaced>;
  readonly release: StreamRecord<string, Held>;
  readonly settle: StreamRecord<string, OrderPicked>;
  readonly stocked: StreamRecord<string, Delivery>;
}

/** What `reserve` sends; each is keyed by order. */
export interface ReserveOutputs {
  readonly [port: string]: StreamRecord;
  readonly held: StreamRecord<string, Held>;
  readonly short: StreamRecord<string, Short>;
  readonly released: StreamRecord<string, Released>;
}

/** The stores of `reserve`: stock by store and product, holds by order. */
export interface ReserveStores {
  readonly stock: KeyValueStore<StockKey, Stock>;
  readonly holds: KeyValueStore<string, Hold>;
}

type Context = ProcessContext<ReserveStores>;

/**
 * Holds the goods of an order, all or nothing, and keeps the books of each store's stock.
 *
 * - `take` holds every line (`held`) or none (`short`);
 * - `release` gives back what is held (`released`), `settle` takes it out of the store: once, whichever comes first;
 * - `stocked` adds what came.
 *
 * A repeat changes nothing: `holds` remembers each order that was held, for as long as it is HELD and then for the store's ttl. What contradicts the books (a
 * delivery without goods, the release of goods that left, an order that was never held, or in another store, or with other goods) goes to the dead letters.
 */
export const reserve: ProcessStage<ReserveInputs, ReserveOutputs, ReserveStores> = (
  inputs,
  context,
) => {
  const taken$ = inputs.take.pipe(
    map((order) => take(order, context)),
    share(),
  );
  return {
    held: taken$.pipe(filter(isHeld)),
    short: taken$.pipe(filter(isShort)),
    released: inputs.release.pipe(
      map((order) => release(order, context)),
      filter((released) => released !== undefined),
    ),
    effects: merge(
      inputs.settle.pipe(effect((order) => settle(order, context))),
      inputs.stocked.pipe(effect((delivery) => stocked(delivery, context))),
    ),
  };
};

type Taken = StreamRecord<string, Held> | StreamRecord<string, Short> | undefined;

function isHeld(taken: Taken): taken is StreamRecord<string, Held> {
  return taken !== undefined && 'lines' in taken.value;
}

function isShort(taken: Taken): taken is StreamRecord<string, Short> {
  return taken !== undefined && 'missing' in taken.value;
}

function take(record: StreamRecord<string, OrderPlaced>, context: Context): Taken {
  const { orderId, storeId, customerId, currency, lines, totalCents } = record.value;
  const holds = context.store('holds');
  const known = holds.get(orderId);
  if (known !== undefined) {
    if (isOf(known, record.value)) return undefined;
    const reason = `order "${orderId}" was held before, with other goods: another order needs another id`;
    context.deadLetter(record, reason);
    return undefined;
  }
  const reservation = reserveOrder(stockOf(storeId, context), lines);
  if (reservation.kind === 'short') {
    return record.with({ key: orderId, value: { orderId, storeId, missing: reservation.missing } });
  }
  write(storeId, reservation.changes, context);
  // A hold that still waits for its payment must outlive any ttl.
  holds.put(orderId, { state: 'HELD', storeId, lines }, { keep: true });
  const held: Held = { orderId, storeId, customerId, currency, lines, totalCents };
  return record.with({ key: orderId, value: held });
}

function release(
  record: StreamRecord<string, Held>,
  context: Context,
): StreamRecord<string, Released> | undefined {
  const { orderId, storeId, totalCents } = record.value;
  if (!end(record, orderId, 'RELEASED', releaseOrder, context)) return undefined;
  return record.with({ key: orderId, value: { orderId, storeId, totalCents } });
}

function settle(record: StreamRecord<string, OrderPicked>, context: Context): void {
  end(record, record.value.orderId, 'SETTLED', settleOrder, context);
}

function stocked(record: StreamRecord<string, Delivery>, context: Context): void {
  const { id, storeId, productId, quantity } = record.value;
  if (quantity < 1) {
    context.deadLetter(record, `delivery "${id}" brings ${quantity} pieces: give 1 or more`);
    return;
  }
  const stock = context.store('stock');
  const key = { storeId, productId };
  stock.put(key, addStock(stock.get(key), quantity));
}

/** Ends a hold; true if it was HELD until now. */
function end(
  record: StreamRecord<string>,
  orderId: string,
  state: 'RELEASED' | 'SETTLED',
  change: (stock: StockOf, lines: readonly Line[]) => StockChanges,
  context: Context,
): boolean {
  const holds = context.store('holds');
  const hold = holds.get(orderId);
  if (hold !== undefined && hold.storeId !== record.key) {
    const is = `its goods are held in store "${hold.storeId}", not in "${record.key}"`;
    context.deadLetter(record, `order "${orderId}" cannot become ${state}: ${is}`);
    return false;
  }
  if (hold?.state === 'HELD') {
    write(hold.storeId, change(stockOf(hold.storeId, context), hold.lines), context);
    holds.put(orderId, { ...hold, state });
    return true;
  }
  if (hold?.state !== state) {
    const is = hold === undefined ? 'is not held' : `was ${hold.state} before`;
    context.deadLetter(record, `order "${orderId}" cannot become ${state}: it ${is}`);
  }
  return false;
}

function isOf(hold: Hold, { storeId, lines }: OrderPlaced): boolean {
  return hold.storeId === storeId && canonicalText(hold.lines) === canonicalText(lines);
}

function stockOf(storeId: string, context: Context): StockOf {
  const stock = context.store('stock');
  return (productId) => stock.get({ storeId, productId });
}

function write(storeId: string, changes: StockChanges, context: Context): void {
  const stock = context.store('stock');
  for (const [productId, row] of changes) stock.put({ storeId, productId }, row);
}
