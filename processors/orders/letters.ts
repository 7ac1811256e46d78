import { filter, map, merge } from 'rxjs';
import type { Letter, OrderNews } from '../../schemas/orders/mail.ts';
import type { OrderPlaced, OrderStatus } from '../../schemas/orders/shop.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { ProcessContext, ProcessStage } from '../process.ts';
import type { KeyValueStore } from '../store.ts';
import { laterState } from './later-state.ts';
import { writeLetter } from './letter-text.ts';

/** What `letters` takes; both are keyed by order. */
export interface LettersInputs {
  readonly [port: string]: StreamRecord;
  readonly placed: StreamRecord<string, OrderPlaced>;
  readonly status: StreamRecord<string, OrderStatus>;
}

/** What `letters` sends, keyed by order. */
export interface LettersOutputs {
  readonly [port: string]: StreamRecord;
  readonly due: StreamRecord<string, Letter>;
}

/** The store of `letters`: order → what is known of it. */
export interface LettersStores {
  readonly news: KeyValueStore<string, OrderNews>;
}

type Context = ProcessContext<LettersStores>;
type Due = StreamRecord<string, Letter> | undefined;

const nothing: OrderNews = Object.freeze({
  customerId: null,
  totalCents: 0,
  currency: '',
  state: null,
});

/**
 * Writes a letter for each state that an order reaches, once it is known whose order it is. A repeat, and a state that would lead back from a final one, gives none.
 */
export const letters: ProcessStage<LettersInputs, LettersOutputs, LettersStores> = (
  inputs,
  context,
) => ({
  due: merge(
    inputs.placed.pipe(map((record) => placed(record, context))),
    inputs.status.pipe(map((record) => reached(record, context))),
  ).pipe(filter((due) => due !== undefined)),
});

function placed(record: StreamRecord<string, OrderPlaced>, context: Context): Due {
  const news = context.store('news');
  const known = news.get(record.key) ?? nothing;
  // The first placement counts, as in `orders`: what differs from it is a conflict there.
  if (known.customerId !== null) return undefined;
  const { customerId, totalCents, currency } = record.value;
  const now: OrderNews = { customerId, totalCents, currency, state: known.state };
  news.put(record.key, now);
  return letterOf(record, now);
}

function reached(record: StreamRecord<string, OrderStatus>, context: Context): Due {
  const news = context.store('news');
  const known = news.get(record.key) ?? nothing;
  const state = laterState(known.state, record.value.state);
  if (state === known.state) return undefined;
  const now: OrderNews = { ...known, state };
  news.put(record.key, now);
  return letterOf(record, now);
}

function letterOf(record: StreamRecord<string>, { customerId, state, ...order }: OrderNews): Due {
  if (customerId === null || state === null) return undefined;
  return record.withValue(writeLetter({ orderId: record.key, customerId, state, ...order }));
}
