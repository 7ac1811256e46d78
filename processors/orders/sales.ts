import { map, merge, mergeMap, share } from 'rxjs';
import type { Product } from '../../schemas/orders/retail-basket.ts';
import type { Sales } from '../../schemas/orders/sales.ts';
import type { Line, OrderPaid, OrderPlaced } from '../../schemas/orders/shop.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { ProcessContext, ProcessStage } from '../process.ts';
import type { ReadOnlyKeyValueStore } from '../store.ts';

/** What `sales` takes; both are keyed by order, each order once. */
export interface SalesInputs {
  readonly [port: string]: StreamRecord;
  readonly placed: StreamRecord<string, OrderPlaced>;
  readonly paid: StreamRecord<string, OrderPaid>;
}

/** What `sales` sends: keyed by department and by store. */
export interface SalesOutputs {
  readonly [port: string]: StreamRecord;
  readonly departments: StreamRecord<string, Sales>;
  readonly stores: StreamRecord<string, Sales>;
}

/** The table that `sales` reads. */
export interface SalesStores {
  readonly products: ReadOnlyKeyValueStore<string, Product>;
}

/** Department of products that are in no list of products. */
export const unlistedDepartment = 'UNLISTED';

type Event = 'placed' | 'paid';
type Order = StreamRecord<string, OrderPlaced | OrderPaid>;

/** What each order adds to the sales of its store, and of each department that it has goods of. An order counts once in each of them. */
export const sales: ProcessStage<SalesInputs, SalesOutputs, SalesStores> = (inputs, context) => {
  const events$ = merge(
    inputs.placed.pipe(map((record) => ({ record: record as Order, event: 'placed' as Event }))),
    inputs.paid.pipe(map((record) => ({ record: record as Order, event: 'paid' as Event }))),
  ).pipe(share());
  return {
    departments: events$.pipe(
      mergeMap(({ record, event }) => byDepartment(record, event, context)),
    ),
    stores: events$.pipe(
      map(({ record, event }) => {
        const { storeId, lines } = record.value;
        return record.with({ key: storeId, value: salesOf(lines, event) });
      }),
    ),
  };
};

function byDepartment(
  record: Order,
  event: Event,
  context: ProcessContext<SalesStores>,
): StreamRecord<string, Sales>[] {
  const products = context.store('products');
  const departments = new Map<string, Line[]>();
  for (const line of record.value.lines) {
    const department = products.get(line.productId)?.department ?? unlistedDepartment;
    const lines = departments.get(department);
    if (lines === undefined) departments.set(department, [line]);
    else lines.push(line);
  }
  return [...departments].map(([key, lines]) => record.with({ key, value: salesOf(lines, event) }));
}

/** Lines that ask for nothing, or for less (real baskets have some), are no units; only orders with none of them are paid. */
function salesOf(lines: readonly Line[], event: Event): Sales {
  let units = 0;
  let cents = 0;
  for (const { quantity, totalCents } of lines) {
    units += Math.max(0, quantity);
    cents += totalCents;
  }
  return event === 'placed'
    ? { placedOrders: 1, paidOrders: 0, placedUnits: units, paidUnits: 0, revenueCents: 0 }
    : { placedOrders: 0, paidOrders: 1, placedUnits: 0, paidUnits: units, revenueCents: cents };
}
