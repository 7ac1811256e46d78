/** `completejourney.BasketLine` */
export interface BasketLine {
  readonly productId: string;
  /** 0 and less do occur. */
  readonly quantity: number;
  readonly salesCents: number;
  readonly discountCents: number;
}

/** `completejourney.RetailBasket` */
export interface RetailBasket {
  readonly basketId: string;
  readonly householdId: string;
  readonly storeId: string;
  /** ms since epoch */
  readonly checkedOutAt: number;
  readonly lines: readonly BasketLine[];
}

/** `completejourney.Product`, as far as the summary needs it. */
export interface Product {
  readonly productId: string;
  readonly department: string | null;
}
