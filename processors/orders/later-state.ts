import type { State } from '../../schemas/orders/shop.ts';

/** Rank of a state of an order: a higher one takes the place of a lower, and of equals the first stays. */
const ranks = {
  PAYMENT_UNKNOWN: 0,
  PAID: 1,
  REJECTED: 1,
  OUT_OF_STOCK: 1,
  PAYMENT_DECLINED: 1,
} as const satisfies Record<State, number>;

/** True for a state after which no other comes. */
export function isFinal(state: State): boolean {
  return ranks[state] === 1;
}

/**
 * The state of an order that was in `before` and is then said to be in `next`: events come in order within one chain of stages only, so nothing goes back from a
 * final state. `before` is null where there was none.
 */
export function laterState(before: State | null, next: State): State {
  return before === null || ranks[next] > ranks[before] ? next : before;
}
