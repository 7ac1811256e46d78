/** One line of an order; `totalCents` is the line's money, not one piece's. */
export interface Line {
  readonly productId: string;
  readonly quantity: number;
  readonly totalCents: number;
}

/** `shop.OrderPlaced` */
export interface OrderPlaced {
  readonly orderId: string;
  readonly storeId: string;
  readonly customerId: string;
  readonly currency: string;
  /** ms since epoch */
  readonly placedAt: number;
  readonly lines: readonly Line[];
  readonly totalCents: number;
}

/** `shop.Delivery` */
export interface Delivery {
  readonly id: string;
  readonly storeId: string;
  readonly productId: string;
  readonly quantity: number;
  /** ms since epoch */
  readonly deliveredAt: number;
}

/** `shop.OrderPicked` */
export interface OrderPicked {
  readonly orderId: string;
  readonly storeId: string;
  /** ms since epoch */
  readonly pickedAt: number;
}

/** `shop.OrderPaid` */
export interface OrderPaid {
  readonly orderId: string;
  readonly customerId: string;
  readonly storeId: string;
  readonly lines: readonly Line[];
  readonly totalCents: number;
}

/** `shop.State` */
export type State = 'PAID' | 'REJECTED' | 'OUT_OF_STOCK' | 'PAYMENT_DECLINED' | 'PAYMENT_UNKNOWN';

/** `shop.OrderStatus` */
export interface OrderStatus {
  readonly orderId: string;
  readonly state: State;
  /** ms since epoch */
  readonly at: number;
  readonly stage: string;
}

/** `shop.StockKey` */
export interface StockKey {
  readonly storeId: string;
  readonly productId: string;
}

/** `shop.Stock`; 0 ≤ held ≤ onHand */
export interface Stock {
  readonly onHand: number;
  readonly held: number;
}

/** `shop.Hold` */
export interface Hold {
  readonly state: 'HELD' | 'SETTLED' | 'RELEASED';
  readonly storeId: string;
  readonly lines: readonly Line[];
}

/** `shop.Held` */
export interface Held {
  readonly orderId: string;
  readonly storeId: string;
  readonly customerId: string;
  readonly currency: string;
  readonly lines: readonly Line[];
  readonly totalCents: number;
}

/** `shop.Shortfall` */
export interface Shortfall {
  readonly productId: string;
  readonly wanted: number;
  readonly available: number;
}

/** `shop.Short` */
export interface Short {
  readonly orderId: string;
  readonly storeId: string;
  readonly missing: readonly Shortfall[];
}

/** `shop.Released` */
export interface Released {
  readonly orderId: string;
  readonly storeId: string;
  readonly totalCents: number;
}

/** `shop.ChargeRequest` */
export interface ChargeRequest {
  readonly orderId: string;
  readonly customerId: string;
  readonly amountCents: number;
  readonly currency: string;
}

/** `shop.ChargeReply`; a newer provider may answer a state that is not known here. */
export interface ChargeReply {
  readonly state: string;
  readonly chargeId: string;
}
