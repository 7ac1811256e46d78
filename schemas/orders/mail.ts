import type { State } from './shop.ts';

/** `shop.Letter` */
export interface Letter {
  readonly orderId: string;
  readonly state: State;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** `shop.Email` */
export interface Email {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** `shop.EmailReply` */
export interface EmailReply {
  readonly state: 'SENT' | 'REFUSED';
  readonly answer: string;
}

/** `shop.Mail` */
export interface Mail {
  readonly orderId: string;
  readonly state: State;
  readonly outcome: 'SENT' | 'REFUSED' | 'UNKNOWN';
  readonly to: string;
  /** ms since epoch */
  readonly at: number;
}

/** `shop.OrderNews` */
export interface OrderNews {
  /** null: only its status came so far. */
  readonly customerId: string | null;
  readonly totalCents: number;
  readonly currency: string;
  /** null: no status came so far. */
  readonly state: State | null;
}
