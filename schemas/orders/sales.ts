/** `shop.Sales` */
export interface Sales {
  readonly placedOrders: number;
  readonly paidOrders: number;
  readonly placedUnits: number;
  readonly paidUnits: number;
  /** Of paid orders, cents. */
  readonly revenueCents: number;
}

/** `shop.SalesReport` */
export interface SalesReport extends Sales {
  /** Paid orders / placed orders, 0…1. */
  readonly conversion: number;
}
