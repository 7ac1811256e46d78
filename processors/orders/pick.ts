import { filter, map, merge, share } from 'rxjs';
import type { OrderPaid, OrderPicked } from '../../schemas/orders/shop.ts';
import type { Pick, PickKey, PickList } from '../../schemas/orders/warehouse.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { ProcessContext, ProcessStage } from '../process.ts';
import type { KeyValueStore } from '../store.ts';

/** What `pick` takes; both are keyed by store. */
export interface PickInputs {
  readonly [port: string]: StreamRecord;
  readonly paid: StreamRecord<string, OrderPaid>;
  readonly picks: StreamRecord<string, Pick>;
}

/** What `pick` sends; both are keyed by order. */
export interface PickOutputs {
  readonly [port: string]: StreamRecord;
  readonly lists: StreamRecord<string, PickList>;
  readonly picked: StreamRecord<string, OrderPicked>;
}

/** The store of `pick`: the pick lists of each store. */
export interface PickStores {
  readonly 'pick-lists': KeyValueStore<PickKey, PickList>;
}

type Context = ProcessContext<PickStores>;
type Listed = StreamRecord<string, PickList> | undefined;

/**
 * Keeps the pick lists of the stores: `paid` opens one, a pick ends it, and then the goods have left (`picked`). A repeat changes nothing; a pick of an order that has
 * no list in that store goes to the dead letters.
 */
export const pick: ProcessStage<PickInputs, PickOutputs, PickStores> = (inputs, context) => {
  const ended$ = inputs.picks.pipe(
    map((record) => end(record, context)),
    filter((record) => record !== undefined),
    share(),
  );
  return {
    lists: merge(
      inputs.paid.pipe(
        map((record) => open(record, context)),
        filter((record) => record !== undefined),
      ),
      ended$.pipe(map(({ list, record }) => record.with({ key: list.orderId, value: list }))),
    ),
    picked: ended$.pipe(map(({ record }) => record.with({ key: record.value.orderId }))),
  };
};

function open(record: StreamRecord<string, OrderPaid>, context: Context): Listed {
  const { orderId, storeId, lines } = record.value;
  const lists = context.store('pick-lists');
  if (lists.get({ storeId, orderId }) !== undefined) return undefined;
  const list: PickList = { orderId, storeId, state: 'OPEN', lines };
  // A list that still waits for somebody to pick it must outlive any ttl.
  lists.put({ storeId, orderId }, list, { keep: true });
  return record.with({ key: orderId, value: list });
}

function end(
  record: StreamRecord<string, Pick>,
  context: Context,
): { readonly list: PickList; readonly record: StreamRecord<string, Pick> } | undefined {
  const { orderId, storeId } = record.value;
  const lists = context.store('pick-lists');
  const list = lists.get({ storeId, orderId });
  if (list === undefined) {
    const reason = `order "${orderId}" has no pick list in store "${storeId}": it is not paid, or of another store`;
    context.deadLetter(record, reason);
    return undefined;
  }
  if (list.state === 'PICKED') return undefined;
  const picked: PickList = { ...list, state: 'PICKED' };
  lists.put({ storeId, orderId }, picked);
  return { list: picked, record };
}
