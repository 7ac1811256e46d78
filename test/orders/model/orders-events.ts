import * as fc from 'fast-check';
import type { CrashPoint } from '../../../runtime/engine/committer.ts';
import type { OrderPlaced } from '../../../schemas/orders/shop.ts';
import type { Answer } from './orders-model.ts';

/** One thing that happens to the order system, from outside. */
export type Event =
  | { readonly kind: 'place'; readonly order: OrderPlaced }
  | {
      readonly kind: 'deliver';
      readonly id: string;
      readonly storeId: string;
      readonly productId: string;
      readonly quantity: number;
    }
  | { readonly kind: 'pick'; readonly orderId: string; readonly storeId: string }
  | {
      readonly kind: 'answer';
      /** Which of the charges that wait, counted around. */
      readonly turn: number;
      readonly answer: Answer;
    }
  | { readonly kind: 'crash'; readonly point: CrashPoint | 'now'; readonly skip: number };

const stores = fc.constantFrom('s1', 's2');
const products = fc.constantFrom('A', 'B');
const ids = fc.constantFrom('o1', 'o2', 'o3', 'o4', 'o5');

const line = fc.record({
  productId: products,
  quantity: fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.constant(0)),
});

/** Few ids, so that placements repeat, with the same body or another. */
const place = fc
  .record({ orderId: ids, storeId: stores, lines: fc.array(line, { maxLength: 2 }) })
  .map(({ orderId, storeId, lines }): Event => {
    const priced = lines.map((it) => ({ ...it, totalCents: it.quantity * 125 }));
    const totalCents = priced.reduce((sum, it) => sum + it.totalCents, 0);
    const rest = { customerId: 'c', currency: 'USD', placedAt: 1000, totalCents };
    return { kind: 'place', order: { orderId, storeId, lines: priced, ...rest } };
  });

const deliver = fc
  .record({
    number: fc.integer({ min: 1, max: 4 }),
    storeId: stores,
    productId: products,
    quantity: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ number, storeId, productId, quantity }): Event => ({
    kind: 'deliver',
    id: `d-${storeId}-${productId}-${number}`,
    storeId,
    productId,
    quantity,
  }));

const pick = fc
  .record({ orderId: ids, storeId: stores })
  .map((it): Event => ({ kind: 'pick', ...it }));

const answer = fc
  .record({
    turn: fc.nat({ max: 9 }),
    answer: fc.constantFrom<Answer>('APPROVED', 'DECLINED', 'DECLINED', 'NONSENSE'),
  })
  .map((it): Event => ({ kind: 'answer', ...it }));

const crash = fc
  .record({
    point: fc.constantFrom<CrashPoint | 'now'>(
      'now',
      'batch.completed',
      'commit.begin',
      'commit.logged',
      'commit.applied',
      'call.issued',
      'call.replied',
    ),
    skip: fc.nat({ max: 3 }),
  })
  .map((it): Event => ({ kind: 'crash', ...it }));

/** Histories of the order system. */
export const histories: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: place },
    { weight: 5, arbitrary: deliver },
    { weight: 3, arbitrary: pick },
    { weight: 5, arbitrary: answer },
    { weight: 2, arbitrary: crash },
  ),
  { maxLength: 40, size: 'max' },
);
