/** `shop.RecentOrder` */
export interface RecentOrder {
  readonly orderId: string;
  /** ms since epoch */
  readonly at: number;
  readonly cents: number;
}

/** `shop.CustomerActivity` */
export interface CustomerActivity {
  /** By time, then id. */
  readonly orders: readonly RecentOrder[];
}

/** `shop.FraudAlert` */
export interface FraudAlert {
  readonly customerId: string;
  readonly rule: 'VELOCITY' | 'AMOUNT';
  /** The order that went over the limit. */
  readonly orderId: string;
  readonly orders: number;
  readonly cents: number;
  /** ms since epoch */
  readonly at: number;
}
