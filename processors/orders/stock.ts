import type { Line, Shortfall, Stock } from '../../schemas/orders/shop.ts';

/** The row of a product in the store of the order; undefined: the store never had it. */
export type StockOf = (productId: string) => Stock | undefined;

/** A new row for each product that changes. */
export type StockChanges = ReadonlyMap<string, Stock>;

/** What becomes of an order: all of its goods are held, or none. */
export type Reservation =
  | { readonly kind: 'held'; readonly changes: StockChanges }
  | { readonly kind: 'short'; readonly missing: readonly Shortfall[] };

const none: Stock = Object.freeze({ onHand: 0, held: 0 });

/**
 * Holds all goods of an order, or says what is missing. Lines with the same product are added up first.
 *
 * Stock stays within 0 ≤ held ≤ onHand, if it was before and quantities are positive.
 */
export function reserveOrder(stock: StockOf, lines: readonly Line[]): Reservation {
  const changes = new Map<string, Stock>();
  const missing: Shortfall[] = [];
  for (const [productId, wanted] of quantities(lines)) {
    const { onHand, held } = stock(productId) ?? none;
    const available = onHand - held;
    if (available < wanted) missing.push({ productId, wanted, available });
    else changes.set(productId, { onHand, held: held + wanted });
  }
  return missing.length > 0 ? { kind: 'short', missing } : { kind: 'held', changes };
}

/** Gives back what {@link reserveOrder} held for these lines: it can be sold again. */
export function releaseOrder(stock: StockOf, lines: readonly Line[]): StockChanges {
  const changes = new Map<string, Stock>();
  for (const [productId, quantity] of quantities(lines)) {
    const { onHand, held } = stock(productId) ?? none;
    changes.set(productId, { onHand, held: held - quantity });
  }
  return changes;
}

/** What {@link reserveOrder} held for these lines has left the store. */
export function settleOrder(stock: StockOf, lines: readonly Line[]): StockChanges {
  const changes = new Map<string, Stock>();
  for (const [productId, quantity] of quantities(lines)) {
    const { onHand, held } = stock(productId) ?? none;
    changes.set(productId, { onHand: onHand - quantity, held: held - quantity });
  }
  return changes;
}

/** The row of a product after `quantity` pieces of it came. */
export function addStock(stock: Stock | undefined, quantity: number): Stock {
  const { onHand, held } = stock ?? none;
  return { onHand: onHand + quantity, held };
}

/** Product → pieces, in the order in which the products first occur. */
function quantities(lines: readonly Line[]): ReadonlyMap<string, number> {
  const pieces = new Map<string, number>();
  for (const { productId, quantity } of lines) {
    pieces.set(productId, (pieces.get(productId) ?? 0) + quantity);
  }
  return pieces;
}
