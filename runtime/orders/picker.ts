import { seededShare } from '../../processors/orders/provider/behaviour.ts';
import type { AvroSerde } from '../../schemas/index.ts';
import type { Pick as PickEvent, PickList } from '../../schemas/orders/warehouse.ts';
import type { Log } from '../ports.ts';
import { OutsideWriter } from './outside-writer.ts';
import type { ShopSerdes } from './shop-serdes.ts';
import { TopicBatches } from './topic-batches.ts';
import { TopicReader } from './topic-reader.ts';

/** Topics of `topology/orders/warehouse.yaml` that the picker reads and writes. */
export const pickTopics = { lists: 'warehouse.pick-lists', picks: 'warehouse.picks' } as const;

/** What a picker needs. */
export interface PickerOptions {
  readonly log: Log;
  readonly serdes: Pick<ShopSerdes, 'of' | 'fetchSchema'>;
  readonly seed: number;
  /** Share of the pick lists that are picked, 0…1; which ones depends on the seed alone. */
  readonly share: number;
}

/** Somebody picks half an hour after the order. */
const pickedAfterMs = 30 * 60_000;

/** The people in the stores: picks what open lists ask for. */
export class Picker {
  readonly #options: PickerOptions;
  readonly #reader: TopicReader;
  readonly #serde: AvroSerde<PickList>;
  readonly #batches: TopicBatches<PickEvent>;
  readonly #writer: OutsideWriter;

  private constructor(
    options: PickerOptions,
    parts: { serde: AvroSerde<PickList>; batches: TopicBatches<PickEvent>; writer: OutsideWriter },
  ) {
    this.#options = options;
    this.#reader = new TopicReader(options.log, pickTopics.lists);
    this.#serde = parts.serde;
    this.#batches = parts.batches;
    this.#writer = parts.writer;
  }

  /** Undefined where there is nobody who takes picks: the topic is not there. */
  static async open(options: PickerOptions): Promise<Picker | undefined> {
    const { log, serdes } = options;
    const info = await log.admin.describe(pickTopics.picks);
    if (info === undefined) return undefined;
    const serde = await serdes.of<PickList>(pickTopics.lists, 'shop.PickList');
    const picks = await serdes.of<PickEvent>(pickTopics.picks, 'shop.Pick');
    const batches = new TopicBatches(pickTopics.picks, info.partitions, picks);
    const writer = await OutsideWriter.open(log, 'orders-picker');
    return new Picker(options, { serde, batches, writer });
  }

  /** Picks from the lists that came since the last call; true if anything was picked. A list that is picked already is left alone. */
  async poll(): Promise<boolean> {
    const { serdes, seed, share } = this.#options;
    const open = new Map<string, { readonly list: PickList; readonly time: number }>();
    await this.#reader.read((record) => {
      const { buffer, valueStart, valueEnd, timestamp } = record;
      const read = (): void => {
        const list = this.#serde.read(buffer, valueStart, valueEnd);
        if (list.state === 'OPEN') open.set(list.orderId, { list, time: timestamp });
        else open.delete(list.orderId);
      };
      const foreign = this.#serde.unknownId(buffer, valueStart, valueEnd);
      return foreign === undefined ? read() : serdes.fetchSchema(foreign).then(read);
    });
    for (const { list, time } of open.values()) {
      const { orderId, storeId } = list;
      if (seededShare(seed, `pick/${orderId}`) >= share) continue;
      const pickedAt = time + pickedAfterMs;
      this.#batches.add(orderId, { orderId, storeId, pickedAt }, pickedAt);
    }
    const appends = this.#batches.take();
    if (appends.length === 0) return false;
    await this.#writer.write(appends);
    return true;
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}
