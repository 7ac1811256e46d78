import type { OrderPlaced } from '../../../schemas/orders/shop.ts';
import type { ModelStores, Sequence, TakenRecord, TaskModel } from './records.ts';
import { Seen } from './seen.ts';
import { ModelWriter } from './writer.ts';

/** The stages `once`, `validate` and `reject`: duplicates out, bad orders rejected, good ones on. */
export class OnceTask implements TaskModel {
  readonly #writer: ModelWriter;
  readonly #partition: number;
  readonly #deadLetterPartitions: number;
  readonly #seen = new Seen();
  #streamTime = -1;

  constructor(partition: number, partitions: number, deadLetterPartitions: number) {
    this.#partition = partition;
    this.#deadLetterPartitions = deadLetterPartitions;
    this.#writer = new ModelWriter(`once_${partition}`, partition, partitions);
  }

  take(logged: TakenRecord): void {
    if (logged.value === undefined) {
      this.#writer.deadLetter('placed', logged, this.#deadLetterPartitions);
      return;
    }
    const order = logged.value as OrderPlaced;
    // The stream says `time: value.placedAt`.
    const record = { ...logged, time: order.placedAt };
    this.#streamTime = Math.max(this.#streamTime, record.time);
    if (record.key === null) return;
    const sight = this.#seen.look(record.key, order, this.#streamTime);
    if (sight === 'conflict') this.#writer.deadLetter('once', record, this.#deadLetterPartitions);
    if (sight !== 'first') return;
    const bad =
      order.lines.length === 0 || order.lines.some((l) => l.quantity <= 0 || l.totalCents < 0);
    if (bad) this.#writer.status(record.key, 'REJECTED', 'validate', record);
    else this.#writer.write('take', order.storeId, order, record);
  }

  sequences(): readonly Sequence[] {
    return this.#writer.sequences();
  }

  stores(): ModelStores {
    return new Map([[`once-seen/${this.#partition}`, this.#seen.rows]]);
  }
}
