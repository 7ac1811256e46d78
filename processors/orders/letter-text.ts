import type { Letter } from '../../schemas/orders/mail.ts';
import type { State } from '../../schemas/orders/shop.ts';

/** What a letter is about. */
export interface LetterSubject {
  readonly orderId: string;
  readonly customerId: string;
  readonly state: State;
  readonly totalCents: number;
  /** ISO 4217 */
  readonly currency: string;
}

/** The letter that a customer gets when an order reaches a state. */
export function writeLetter(about: LetterSubject): Letter {
  const { orderId, customerId, state } = about;
  const { subject, lines } = texts[state](orderId, amount(about));
  const text = ['Dear customer,', '', ...lines, '', 'Your shop', ''].join('\n');
  return { orderId, state, to: `customer-${customerId}@shop.example`, subject, text };
}

interface LetterText {
  readonly subject: string;
  readonly lines: readonly string[];
}

const texts: Readonly<Record<State, (orderId: string, amount: string) => LetterText>> = {
  PAID: (orderId, amount) => ({
    subject: `Your order ${orderId} is confirmed`,
    lines: [
      `thank you for your order ${orderId}. We have received your payment of ${amount},`,
      'and your goods are being put together.',
    ],
  }),
  REJECTED: (orderId) => ({
    subject: `Your order ${orderId} could not be taken`,
    lines: [`we could not take your order ${orderId} as it was sent. Nothing was charged.`],
  }),
  OUT_OF_STOCK: (orderId) => ({
    subject: `Your order ${orderId} is out of stock`,
    lines: [
      `some of the goods of your order ${orderId} are not in the store any more.`,
      'We have cancelled it. Nothing was charged.',
    ],
  }),
  PAYMENT_DECLINED: (orderId, amount) => ({
    subject: `The payment for your order ${orderId} was declined`,
    lines: [
      `your payment of ${amount} for order ${orderId} was declined, so we have cancelled it.`,
      'Please order again with another means of payment.',
    ],
  }),
  PAYMENT_UNKNOWN: (orderId, amount) => ({
    subject: `We are checking the payment for your order ${orderId}`,
    lines: [
      `we do not know yet whether your payment of ${amount} for order ${orderId} has arrived.`,
      'We keep your goods for you and write again. Please do not pay a second time.',
    ],
  }),
};

/** Exact: cents are put together as text, never divided. */
function amount({ totalCents, currency }: LetterSubject): string {
  const digits = String(totalCents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)} ${currency}`;
}
