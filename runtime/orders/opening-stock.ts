import type { RetailBasket } from '../../schemas/orders/retail-basket.ts';
import { murmur2 } from '../../topology/core/murmur2.ts';

/** What the baskets of a file ask of each store, gathered basket by basket. */
export interface Demand {
  /** Store → product → pieces over all valid baskets, in order of first occurrence. */
  readonly pieces: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Valid baskets. */
  readonly orders: number;
  /** Pairs of store and product. */
  readonly pairs: number;
  /** Earliest check-out of any basket, ms; Infinity without baskets. */
  readonly firstAt: number;
}

/** Pieces of one product that a store opens with; 1 or more. */
export interface OpeningAmount {
  readonly storeId: string;
  readonly productId: string;
  readonly quantity: number;
}

/** True for a basket that the stage `validate` lets through: only those take goods. */
export function isValidBasket(basket: RetailBasket): boolean {
  if (basket.lines.length === 0) return false;
  for (const { quantity, salesCents } of basket.lines) {
    if (quantity <= 0 || salesCents < 0) return false;
  }
  return true;
}

/** Gathers {@link Demand}. Memory grows with the pairs of store and product, not with the baskets. */
export class DemandGatherer implements Demand {
  readonly pieces = new Map<string, Map<string, number>>();
  orders = 0;
  pairs = 0;
  firstAt = Infinity;
  // One string per product, however many stores sell it.
  readonly #products = new Map<string, string>();

  add(basket: RetailBasket): void {
    this.firstAt = Math.min(this.firstAt, basket.checkedOutAt);
    if (!isValidBasket(basket)) return;
    this.orders += 1;
    let store = this.pieces.get(basket.storeId);
    if (store === undefined) this.pieces.set(basket.storeId, (store = new Map()));
    for (const { productId, quantity } of basket.lines) {
      const before = store.get(productId);
      if (before === undefined) {
        this.pairs += 1;
        store.set(this.#interned(productId), quantity);
      } else {
        store.set(productId, before + quantity);
      }
    }
  }

  #interned(productId: string): string {
    const known = this.#products.get(productId);
    if (known === undefined) this.#products.set(productId, productId);
    return known ?? productId;
  }
}

/**
 * What each store opens with: all that will be asked of it, less one piece for some products, chosen by the seed so that about `shortShare` of the valid
 * orders find one missing. Equal demand, share and seed give equal amounts in equal order.
 */
export function* openingStock(
  demand: Demand,
  shortShare: number,
  seed: number,
): Generator<OpeningAmount> {
  const chance = demand.pairs === 0 ? 0 : (shortShare * demand.orders) / demand.pairs;
  for (const [storeId, products] of demand.pieces) {
    for (const [productId, pieces] of products) {
      const drawn = murmur2(Buffer.from(`${seed}/${storeId}/${productId}`)) >>> 0;
      const quantity = drawn < chance * 0x1_0000_0000 ? pieces - 1 : pieces;
      if (quantity > 0) yield { storeId, productId, quantity };
    }
  }
}
