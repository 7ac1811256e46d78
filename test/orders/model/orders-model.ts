import type { Line, OrderPlaced, State } from '../../../schemas/orders/shop.ts';

/** How the payment provider answers; NONSENSE: with nothing that fits the reply. */
export type Answer = 'APPROVED' | 'DECLINED' | 'NONSENSE';

interface Order {
  readonly body: OrderPlaced;
  hold: 'HELD' | 'SETTLED' | 'RELEASED' | undefined;
  charging: boolean;
}

/** What the order system has to show after some events: texts, sorted, so that two of them are easily compared. */
export interface Books {
  readonly stock: readonly string[];
  readonly holds: readonly string[];
  /** Order and state, in order of events per order; without PAYMENT_UNKNOWN, which is no last word. */
  readonly states: readonly string[];
  readonly paid: readonly string[];
  readonly deadLetters: number;
}

/**
 * The whole of `orders.yaml` in a page: what becomes of placements, deliveries, picks and answers that come one after the other. Crashes do not occur in it: they
 * must not matter.
 */
export class OrdersModel {
  readonly #orders = new Map<string, Order>();
  readonly #deliveries = new Map<string, number>();
  readonly #stock = new Map<string, { onHand: number; held: number }>();
  readonly #states: string[] = [];
  readonly #paid: string[] = [];
  #deadLetters = 0;

  /** Orders whose charge waits for its answer. */
  get charging(): readonly string[] {
    return [...this.#orders].filter(([, { charging }]) => charging).map(([id]) => id);
  }

  place(body: OrderPlaced): void {
    const known = this.#orders.get(body.orderId);
    if (known !== undefined) {
      if (JSON.stringify(known.body) !== JSON.stringify(body)) this.#deadLetters += 1;
      return;
    }
    const order: Order = { body, hold: undefined, charging: false };
    this.#orders.set(body.orderId, order);
    if (body.lines.length === 0 || body.lines.some(({ quantity }) => quantity <= 0)) {
      this.#reach(body.orderId, 'REJECTED');
      return;
    }
    const short = [...pieces(body.lines)].some(([product, wanted]) => {
      const { onHand, held } = this.#row(body.storeId, product);
      return onHand - held < wanted;
    });
    if (short) {
      this.#reach(body.orderId, 'OUT_OF_STOCK');
      return;
    }
    this.#change(order, (row, quantity) => (row.held += quantity));
    order.hold = 'HELD';
    order.charging = true;
  }

  deliver(id: string, storeId: string, productId: string, quantity: number): void {
    const known = this.#deliveries.get(id);
    if (known !== undefined) {
      if (known !== quantity) this.#deadLetters += 1;
      return;
    }
    this.#deliveries.set(id, quantity);
    if (quantity < 1) this.#deadLetters += 1;
    else this.#row(storeId, productId).onHand += quantity;
  }

  pick(orderId: string, storeId: string): void {
    const order = this.#orders.get(orderId);
    const here = order?.body.storeId === storeId;
    if (order?.hold === 'HELD' && here) {
      order.hold = 'SETTLED';
      this.#change(order, (row, quantity) => {
        row.held -= quantity;
        row.onHand -= quantity;
      });
    } else if (order?.hold !== 'SETTLED' || !here) {
      this.#deadLetters += 1;
    }
  }

  answer(orderId: string, answer: Answer): void {
    const order = this.#orders.get(orderId);
    if (order?.charging !== true) return;
    order.charging = false;
    if (answer === 'APPROVED') {
      this.#paid.push(`${orderId} ${order.body.totalCents}`);
      this.#reach(orderId, 'PAID');
    } else if (answer === 'DECLINED' && order.hold === 'HELD') {
      order.hold = 'RELEASED';
      this.#change(order, (row, quantity) => (row.held -= quantity));
      this.#reach(orderId, 'PAYMENT_DECLINED');
    } else if (answer === 'DECLINED') {
      // The goods have left.
      this.#deadLetters += 1;
    }
  }

  books(): Books {
    const rows = [...this.#stock].filter(([, { onHand }]) => onHand !== 0);
    const held = [...this.#orders].filter(([, { hold }]) => hold !== undefined);
    return {
      stock: rows.map(([key, { onHand, held: of }]) => `${key} ${onHand} ${of}`).sort(),
      holds: held.map(([id, { hold }]) => `${id} ${hold}`).sort(),
      states: this.#states.toSorted(),
      paid: this.#paid.toSorted(),
      deadLetters: this.#deadLetters,
    };
  }

  #reach(orderId: string, state: State): void {
    this.#states.push(`${orderId} ${state}`);
  }

  #change(
    { body }: Order,
    how: (row: { onHand: number; held: number }, quantity: number) => void,
  ): void {
    for (const [product, quantity] of pieces(body.lines)) {
      how(this.#row(body.storeId, product), quantity);
    }
  }

  #row(storeId: string, productId: string): { onHand: number; held: number } {
    const key = `${storeId}/${productId}`;
    const row = this.#stock.get(key) ?? { onHand: 0, held: 0 };
    this.#stock.set(key, row);
    return row;
  }
}

function pieces(lines: readonly Line[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { productId, quantity } of lines) {
    sums.set(productId, (sums.get(productId) ?? 0) + quantity);
  }
  return sums;
}
