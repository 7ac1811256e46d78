import { canonicalText } from '../../../processors/canonical.ts';
import type {
  Delivery,
  Held,
  Line,
  OrderPicked,
  OrderPlaced,
} from '../../../schemas/orders/shop.ts';
import type { ModelRow, ModelStores, Sequence, TakenRecord, TaskModel } from './records.ts';
import { Seen } from './seen.ts';
import { ModelWriter } from './writer.ts';

interface Hold {
  state: 'HELD' | 'RELEASED' | 'SETTLED';
  readonly storeId: string;
  readonly lines: readonly Line[];
}

interface Stock {
  onHand: number;
  held: number;
}

/** The stages `arrived`, `reserve`, `run-short` and `give-back`: the books of the stock. */
export class ArrivedTask implements TaskModel {
  readonly #writer: ModelWriter;
  readonly #partition: number;
  readonly #deadLetterPartitions: number;
  readonly #seen = new Seen();
  readonly #stock = new Map<string, Stock>();
  readonly #holds = new Map<string, Hold>();
  readonly #stockTimes = new Map<string, number>();
  readonly #holdTimes = new Map<string, number>();
  #streamTime = -1;

  constructor(partition: number, partitions: number, deadLetterPartitions: number) {
    this.#partition = partition;
    this.#deadLetterPartitions = deadLetterPartitions;
    this.#writer = new ModelWriter(`arrived_${partition}`, partition, partitions);
  }

  take(logged: TakenRecord): void {
    if (logged.value === undefined) {
      this.#refuse('deliveries', logged);
      return;
    }
    const delivery = logged.topic === 'warehouse.deliveries';
    const time = delivery ? (logged.value as Delivery).deliveredAt : logged.time;
    const record = { ...logged, time };
    this.#streamTime = Math.max(this.#streamTime, time);
    if (delivery) this.#deliver(record);
    else if (logged.topic === 'orders-reserve-take-repartition') this.#hold(record);
    else if (logged.topic === 'orders-reserve-release-repartition') this.#release(record);
    else this.#settle(record);
  }

  sequences(): readonly Sequence[] {
    return this.#writer.sequences();
  }

  stores(): ModelStores {
    const stock = new Map<string, ModelRow>();
    for (const [key, value] of this.#stock) {
      const time = this.#stockTimes.get(key) ?? -1;
      stock.set(key, { value: canonicalText(value), time, keep: false });
    }
    const holds = new Map<string, ModelRow>();
    for (const [key, value] of this.#holds) {
      const time = this.#holdTimes.get(key) ?? -1;
      holds.set(key, { value: canonicalText(value), time, keep: value.state === 'HELD' });
    }
    return new Map([
      [`arrived-seen/${this.#partition}`, this.#seen.rows],
      [`stock/${this.#partition}`, stock],
      [`holds/${this.#partition}`, holds],
    ]);
  }

  #deliver(record: TakenRecord): void {
    const { id, storeId, productId, quantity } = record.value as Delivery;
    const sight = this.#seen.look(id, record.value, this.#streamTime);
    if (sight === 'conflict') this.#refuse('arrived', record);
    if (sight !== 'first') return;
    if (quantity < 1) this.#refuse('reserve', record);
    else this.#change(storeId, productId, (stock) => (stock.onHand += quantity));
  }

  #hold(record: TakenRecord): void {
    const order = record.value as OrderPlaced;
    const { orderId, storeId, customerId, currency, lines, totalCents } = order;
    const known = this.#holds.get(orderId);
    if (known !== undefined) {
      const same = known.storeId === storeId && canonicalText(known.lines) === canonicalText(lines);
      if (!same) this.#refuse('reserve', record);
      return;
    }
    const wanted = piecesOf(lines);
    for (const [productId, pieces] of wanted) {
      const stock = this.#stock.get(stockKey(storeId, productId)) ?? { onHand: 0, held: 0 };
      if (stock.onHand - stock.held >= pieces) continue;
      this.#writer.status(orderId, 'OUT_OF_STOCK', 'reserve', record);
      return;
    }
    for (const [productId, pieces] of wanted) {
      this.#change(storeId, productId, (stock) => (stock.held += pieces));
    }
    this.#setHold(orderId, { state: 'HELD', storeId, lines });
    const held = { orderId, storeId, customerId, currency, lines, totalCents };
    this.#writer.write('charge', orderId, held, record);
  }

  #release(record: TakenRecord): void {
    const { orderId } = record.value as Held;
    const hold = this.#ended(record, orderId, 'RELEASED');
    if (hold === undefined) return;
    for (const [productId, pieces] of piecesOf(hold.lines)) {
      this.#change(hold.storeId, productId, (stock) => (stock.held -= pieces));
    }
    this.#writer.status(orderId, 'PAYMENT_DECLINED', 'charge', record);
  }

  #settle(record: TakenRecord): void {
    const hold = this.#ended(record, (record.value as OrderPicked).orderId, 'SETTLED');
    if (hold === undefined) return;
    for (const [productId, pieces] of piecesOf(hold.lines)) {
      this.#change(hold.storeId, productId, (stock) => {
        stock.held -= pieces;
        stock.onHand -= pieces;
      });
    }
  }

  /** The hold, if it was HELD until now. A repeat changes nothing, a contradiction is refused. */
  #ended(record: TakenRecord, orderId: string, state: 'RELEASED' | 'SETTLED'): Hold | undefined {
    const hold = this.#holds.get(orderId);
    if (hold !== undefined && hold.storeId !== (record.value as OrderPicked).storeId) {
      this.#refuse('reserve', record);
      return undefined;
    }
    if (hold?.state === 'HELD') {
      this.#setHold(orderId, { ...hold, state });
      return hold;
    }
    if (hold?.state !== state) this.#refuse('reserve', record);
    return undefined;
  }

  #setHold(orderId: string, hold: Hold): void {
    this.#holds.set(orderId, hold);
    this.#holdTimes.set(orderId, this.#streamTime);
  }

  #change(storeId: string, productId: string, how: (stock: Stock) => void): void {
    const key = stockKey(storeId, productId);
    const stock = this.#stock.get(key) ?? { onHand: 0, held: 0 };
    how(stock);
    this.#stock.set(key, stock);
    this.#stockTimes.set(key, this.#streamTime);
  }

  #refuse(stage: string, record: TakenRecord): void {
    this.#writer.deadLetter(stage, record, this.#deadLetterPartitions);
  }
}

function stockKey(storeId: string, productId: string): string {
  return canonicalText({ storeId, productId });
}

function piecesOf(lines: readonly Line[]): ReadonlyMap<string, number> {
  const pieces = new Map<string, number>();
  for (const { productId, quantity } of lines) {
    pieces.set(productId, (pieces.get(productId) ?? 0) + quantity);
  }
  return pieces;
}
