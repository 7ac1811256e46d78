import type { Line } from './shop.ts';

/** `shop.PickKey` */
export interface PickKey {
  readonly storeId: string;
  readonly orderId: string;
}

/** `shop.Pick` */
export interface Pick {
  readonly orderId: string;
  readonly storeId: string;
  /** ms since epoch */
  readonly pickedAt: number;
}

/** `shop.PickList` */
export interface PickList {
  readonly orderId: string;
  readonly storeId: string;
  readonly state: 'OPEN' | 'PICKED';
  readonly lines: readonly Line[];
}
