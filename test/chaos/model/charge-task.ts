import type { Held } from '../../../schemas/orders/shop.ts';
import type { ModelStores, Sequence, TakenRecord, TaskModel } from './records.ts';
import { ModelWriter } from './writer.ts';

/** How the provider answered an idempotency key; UNKNOWN: with nothing that fits the reply. */
export type Answer = 'APPROVED' | 'DECLINED' | 'UNKNOWN';

/**
 * The stages `charge`, `fan-out` and `undecided`. Replies are inputs that the trace does not show:
 * what one order causes is a sequence of its own, and the answers are the provider's.
 */
export class ChargeTask implements TaskModel {
  readonly #answerTo: (idempotencyKey: string) => Answer | undefined;
  readonly #partition: number;
  readonly #partitions: number;
  readonly #sequences: Sequence[] = [];

  constructor(
    partition: number,
    partitions: number,
    answerTo: (idempotencyKey: string) => Answer | undefined,
  ) {
    this.#partition = partition;
    this.#partitions = partitions;
    this.#answerTo = answerTo;
  }

  take(record: TakenRecord): void {
    const held = record.value as Held;
    const orderId = record.key ?? '';
    const writer = new ModelWriter(`charge_${this.#partition}`, this.#partition, this.#partitions);
    switch (this.#answerTo(`charge-${held.orderId}`)) {
      case 'APPROVED': {
        const { customerId, storeId, lines, totalCents } = held;
        writer.write('paid', orderId, { orderId, customerId, storeId, lines, totalCents }, record);
        writer.status(orderId, 'PAID', 'fan-out', record);
        break;
      }
      case 'DECLINED':
        writer.write('release', held.storeId, held, record);
        break;
      case 'UNKNOWN':
        writer.status(orderId, 'PAYMENT_UNKNOWN', 'charge', record);
        break;
      case undefined:
        // Nothing is expected of an order whose charge the provider has not seen; it has no final state, which is found elsewhere.
        break;
    }
    this.#sequences.push(...writer.sequences());
  }

  sequences(): readonly Sequence[] {
    return this.#sequences;
  }

  stores(): ModelStores {
    return new Map([[`charge-journal/${this.#partition}`, new Map()]]);
  }
}
