/** `shop.PointsAward` */
export interface PointsAward {
  /** UNDONE: the order was undone before any points were given. */
  readonly state: 'GIVEN' | 'TAKEN_BACK' | 'UNDONE';
  /** Empty where no points were given. */
  readonly customerId: string;
  /** Points that were given, whether taken back since or not. */
  readonly points: number;
}

/** `shop.PointsChange` */
export interface PointsChange {
  readonly orderId: string;
  readonly customerId: string;
  /** More than 0: given; less: taken back. */
  readonly points: number;
}
