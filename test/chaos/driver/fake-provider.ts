import { setTimeout as sleep } from 'node:timers/promises';
import { seededShare } from '../../../processors/orders/provider/behaviour.ts';
import { CallFailure } from '../../../processors/call-handler.ts';
import type { CallHandler } from '../../../processors/call-handler.ts';
import type { ChargeRequest } from '../../../schemas/orders/shop.ts';
import type { Charge } from '../evidence.ts';
import type { Answer } from '../model/charge-task.ts';

/**
 * A payment provider in memory that honours idempotency keys. Of the charges, some are declined, of
 * some the answer is none, some are made and never answered, and some are refused before anything
 * was done. All of it depends on seed, key and attempt alone.
 */
export class FakeProvider {
  readonly ledger: Charge[] = [];
  readonly #seed: number;
  readonly #attempts = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** What an order is told, in the end. */
  answerTo = (key: string): Answer => {
    const share = seededShare(this.#seed, `answer/${key}`);
    if (share < 0.1) return 'DECLINED';
    return share < 0.15 ? 'UNKNOWN' : 'APPROVED';
  };

  readonly handler: CallHandler = async (request, { idempotencyKey: key, signal }) => {
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    const share = seededShare(this.#seed, `fate/${key}/${attempt}`);
    if (share < 0.05) throw new CallFailure('unavailable', 'out of service');
    if (share < 0.08) throw new CallFailure('not-sent', 'not there');
    this.#charge(request as ChargeRequest, key);
    if (share < 0.11) await never(signal);
    if (this.answerTo(key) === 'UNKNOWN') return { state: 'PERHAPS' };
    return { state: this.answerTo(key), chargeId: `ch-${key}` };
  };

  #charge({ orderId, amountCents: cents }: ChargeRequest, key: string): void {
    if (this.ledger.some((charge) => charge.key === key)) return;
    const state = this.answerTo(key) === 'DECLINED' ? 'DECLINED' : 'APPROVED';
    this.ledger.push({ key, state, orderId, cents });
  }
}

async function never(signal: AbortSignal): Promise<never> {
  await sleep(3_600_000, undefined, { signal, ref: false }).catch(() => {});
  throw new CallFailure('timeout', 'no answer');
}
