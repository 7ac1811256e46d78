import type { CallLookup } from '../../../../processors/call-handler.ts';
import { CallFailure } from '../../../../processors/call-handler.ts';
import type { ChargeReply, ChargeRequest } from '../../../../schemas/orders/shop.ts';

export { payments } from '../../../../processors/orders/payments.ts';

/** Asks what became of a charge: `GET /charges/KEY` of the gateway. */
export const paymentsLookup: CallLookup<ChargeRequest, ChargeReply> = async (
  _request,
  { idempotencyKey, signal },
) => {
  const url = `${process.env['PAYMENTS_URL']}/charges/${encodeURIComponent(idempotencyKey)}`;
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    throw new CallFailure('unavailable', 'the gateway gave no answer', { cause });
  });
  if (response.status === 404) return 'absent';
  if (response.status === 409) return 'in-progress';
  return { found: (await response.json()) as ChargeReply };
};
