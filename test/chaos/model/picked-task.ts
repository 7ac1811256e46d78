import type { OrderPicked } from '../../../schemas/orders/shop.ts';
import type { ModelStores, Sequence, TakenRecord, TaskModel } from './records.ts';
import { ModelWriter } from './writer.ts';

/** The sub-topology that sends picks to the store of their order. */
export class PickedTask implements TaskModel {
  readonly #writer: ModelWriter;

  readonly #deadLetterPartitions: number;

  constructor(partition: number, partitions: number, deadLetterPartitions: number) {
    this.#deadLetterPartitions = deadLetterPartitions;
    this.#writer = new ModelWriter(`picked_${partition}`, partition, partitions);
  }

  take(logged: TakenRecord): void {
    if (logged.value === undefined) {
      this.#writer.deadLetter('picked', logged, this.#deadLetterPartitions);
      return;
    }
    const picked = logged.value as OrderPicked;
    this.#writer.write('settle', picked.storeId, picked, { ...logged, time: picked.pickedAt });
  }

  sequences(): readonly Sequence[] {
    return this.#writer.sequences();
  }

  stores(): ModelStores {
    return new Map();
  }
}
