import { filter, map, merge } from 'rxjs';
import type { PointsAward, PointsChange } from '../../schemas/orders/loyalty.ts';
import type { OrderPaid, OrderStatus, State } from '../../schemas/orders/shop.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { ProcessContext, ProcessStage } from '../process.ts';
import type { KeyValueStore } from '../store.ts';

/** What `award` takes; both are keyed by order. */
export interface AwardInputs {
  readonly [port: string]: StreamRecord;
  readonly paid: StreamRecord<string, OrderPaid>;
  readonly status: StreamRecord<string, OrderStatus>;
}

/** What `award` sends, keyed by order. */
export interface AwardOutputs {
  readonly [port: string]: StreamRecord;
  readonly changes: StreamRecord<string, PointsChange>;
}

/** The store of `award`: order → its points. */
export interface AwardStores {
  readonly awards: KeyValueStore<string, PointsAward>;
}

type Context = ProcessContext<AwardStores>;
type Change = StreamRecord<string, PointsChange> | undefined;

/** Points of a paid order: one for each whole dollar. */
export function pointsOf(totalCents: number): number {
  return Math.floor(totalCents / 100);
}

/**
 * Gives the points of a paid order, and takes them back when a status says that the order is not paid after all: each once, whichever comes first.
 *
 * **Gotchas** This is not the fold by rank: there a status after PAID is a contradiction and is left alone, here it is the safe reading that an order is undone.
 */
export const award: ProcessStage<AwardInputs, AwardOutputs, AwardStores> = (inputs, context) => ({
  changes: merge(
    inputs.paid.pipe(map((record) => give(record, context))),
    inputs.status.pipe(map((record) => takeBack(record, context))),
  ).pipe(filter((change) => change !== undefined)),
});

const undoes = {
  PAID: false,
  PAYMENT_UNKNOWN: false,
  REJECTED: true,
  OUT_OF_STOCK: true,
  PAYMENT_DECLINED: true,
} as const satisfies Record<State, boolean>;

function give(record: StreamRecord<string, OrderPaid>, context: Context): Change {
  const awards = context.store('awards');
  if (awards.get(record.key) !== undefined) return undefined;
  const { customerId, totalCents } = record.value;
  const points = pointsOf(totalCents);
  awards.put(record.key, { state: 'GIVEN', customerId, points });
  return change(record, customerId, points);
}

function takeBack(record: StreamRecord<string, OrderStatus>, context: Context): Change {
  if (!undoes[record.value.state]) return undefined;
  const awards = context.store('awards');
  const given = awards.get(record.key);
  if (given === undefined) {
    awards.put(record.key, { state: 'UNDONE', customerId: '', points: 0 });
    return undefined;
  }
  if (given.state !== 'GIVEN') return undefined;
  awards.put(record.key, { ...given, state: 'TAKEN_BACK' });
  return change(record, given.customerId, -given.points);
}

function change(record: StreamRecord<string>, customerId: string, points: number): Change {
  if (points === 0) return undefined;
  return record.withValue({ orderId: record.key, customerId, points });
}
