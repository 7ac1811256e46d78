import { Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { ProcessContext } from '../../processors/process.ts';
import type { KeyValueStore, StoreRow } from '../../processors/store.ts';
import { reserve } from '../../processors/orders/reserve.ts';
import type { ReserveStores } from '../../processors/orders/reserve.ts';
import type {
  Delivery,
  Held,
  Hold,
  OrderPicked,
  OrderPlaced,
  Stock,
  StockKey,
} from '../../schemas/orders/shop.ts';
import { StreamRecord } from '../../topology/core/record.ts';

class MapStore<K, V> implements KeyValueStore<K, V> {
  readonly rows = new Map<string, StoreRow<V>>();

  get(key: K): V | undefined {
    return this.row(key)?.value;
  }

  row(key: K): StoreRow<V> | undefined {
    return this.rows.get(JSON.stringify(key));
  }

  *range(): Iterable<readonly [K, StoreRow<V>]> {
    for (const [key, row] of this.rows) yield [JSON.parse(key) as K, row];
  }

  put(key: K, value: V, options: { time?: number; keep?: boolean } = {}): void {
    const row = { value, time: options.time ?? 0, keep: options.keep ?? false };
    this.rows.set(JSON.stringify(key), row);
  }

  delete(key: K): void {
    this.rows.delete(JSON.stringify(key));
  }
}

function start() {
  const stock = new MapStore<StockKey, Stock>();
  const holds = new MapStore<string, Hold>();
  const stores: ReserveStores = { stock, holds };
  const sent: [port: string, key: string, value: unknown][] = [];
  const dead: string[] = [];
  const context: ProcessContext<ReserveStores> = {
    stage: 'reserve',
    taskId: 'reserve_0',
    streamTime: 0,
    operatorTime: 0,
    wallClock: 0,
    store: (name) => stores[name],
    record: ({ key, value, time }) => new StreamRecord(key, value, time),
    deadLetter: (_record, reason) => dead.push(reason),
  };
  const ports = {
    take: new Subject<StreamRecord<string, OrderPlaced>>(),
    release: new Subject<StreamRecord<string, Held>>(),
    settle: new Subject<StreamRecord<string, OrderPicked>>(),
    stocked: new Subject<StreamRecord<string, Delivery>>(),
  };
  const { effects, ...outputs } = reserve(ports, context);
  effects?.subscribe();
  for (const [port, records$] of Object.entries(outputs)) {
    records$.subscribe((record) => sent.push([port, record.key as string, record.value]));
  }
  return { ...ports, stock, holds, sent, dead };
}

const order: OrderPlaced = {
  orderId: 'o1',
  storeId: '330',
  customerId: 'c1',
  currency: 'USD',
  placedAt: 5,
  lines: [{ productId: 'A', quantity: 3, totalCents: 1500 }],
  totalCents: 1500,
};
const { placedAt: _, ...held } = order;
const key: StockKey = { storeId: '330', productId: 'A' };

const placed = (value = order) => new StreamRecord('330', value, 5);
const declined = () => new StreamRecord('330', held, 5);
const picked = () => new StreamRecord('330', { orderId: 'o1', storeId: '330', pickedAt: 9 }, 9);
const delivery = (quantity: number) =>
  new StreamRecord(
    '330',
    { id: 'd1', storeId: '330', productId: 'A', quantity, deliveredAt: 1 },
    1,
  );

describe('reserve', () => {
  test('holds the goods of an order and keeps the hold from expiring', () => {
    const stage = start();
    stage.stocked.next(delivery(5));
    stage.take.next(placed());
    expect(stage.sent).toEqual([['held', 'o1', held]]);
    expect(stage.stock.get(key)).toEqual({ onHand: 5, held: 3 });
    expect(stage.holds.row('o1')).toEqual({
      value: { state: 'HELD', storeId: '330', lines: order.lines },
      time: 0,
      keep: true,
    });
  });

  test('sends an order short without holding anything', () => {
    const stage = start();
    stage.stocked.next(delivery(2));
    stage.take.next(placed());
    const missing = [{ productId: 'A', wanted: 3, available: 2 }];
    expect(stage.sent).toEqual([['short', 'o1', { orderId: 'o1', storeId: '330', missing }]]);
    expect(stage.stock.get(key)).toEqual({ onHand: 2, held: 0 });
    expect(stage.holds.get('o1')).toBeUndefined();
  });

  test('ignores a repeated order that it held', () => {
    const stage = start();
    stage.stocked.next(delivery(9));
    stage.take.next(placed());
    stage.take.next(placed());
    expect(stage.sent).toHaveLength(1);
    expect(stage.stock.get(key)).toEqual({ onHand: 9, held: 3 });
  });

  test.each([
    ['other goods', { lines: [{ productId: 'A', quantity: 1, totalCents: 500 }] }],
    ['another store', { storeId: '331' }],
  ])('dead-letters an order that was held before with %s', (_, change) => {
    const stage = start();
    stage.stocked.next(delivery(9));
    stage.take.next(placed());
    stage.take.next(placed({ ...order, ...change }));
    expect(stage.dead).toEqual([
      'order "o1" was held before, with other goods: another order needs another id',
    ]);
    expect(stage.stock.get(key)).toEqual({ onHand: 9, held: 3 });
  });

  test('gives the goods back once when a release repeats', () => {
    const stage = start();
    stage.stocked.next(delivery(5));
    stage.take.next(placed());
    stage.release.next(declined());
    stage.release.next(declined());
    expect(stage.sent.slice(1)).toEqual([
      ['released', 'o1', { orderId: 'o1', storeId: '330', totalCents: 1500 }],
    ]);
    expect(stage.stock.get(key)).toEqual({ onHand: 5, held: 0 });
    expect(stage.holds.row('o1')).toMatchObject({ value: { state: 'RELEASED' }, keep: false });
    expect(stage.dead).toEqual([]);
  });

  test('lets another order have what was released', () => {
    const stage = start();
    stage.stocked.next(delivery(3));
    stage.take.next(placed());
    stage.take.next(placed({ ...order, orderId: 'o2' }));
    stage.release.next(declined());
    stage.take.next(placed({ ...order, orderId: 'o3' }));
    expect(stage.sent.map(([port, key]) => [port, key])).toEqual([
      ['held', 'o1'],
      ['short', 'o2'],
      ['released', 'o1'],
      ['held', 'o3'],
    ]);
  });

  test('takes picked goods out of the store once', () => {
    const stage = start();
    stage.stocked.next(delivery(5));
    stage.take.next(placed());
    stage.settle.next(picked());
    stage.settle.next(picked());
    expect(stage.stock.get(key)).toEqual({ onHand: 2, held: 0 });
    expect(stage.holds.row('o1')).toMatchObject({ value: { state: 'SETTLED' }, keep: false });
    expect(stage.dead).toEqual([]);
  });

  test('dead-letters the release of an order whose goods have left', () => {
    const stage = start();
    stage.stocked.next(delivery(5));
    stage.take.next(placed());
    stage.settle.next(picked());
    stage.release.next(declined());
    expect(stage.dead).toEqual(['order "o1" cannot become RELEASED: it was SETTLED before']);
    expect(stage.stock.get(key)).toEqual({ onHand: 2, held: 0 });
  });

  test('dead-letters the picking of goods that have been given back', () => {
    const stage = start();
    stage.stocked.next(delivery(5));
    stage.take.next(placed());
    stage.release.next(declined());
    stage.settle.next(picked());
    expect(stage.dead).toEqual(['order "o1" cannot become SETTLED: it was RELEASED before']);
    expect(stage.stock.get(key)).toEqual({ onHand: 5, held: 0 });
  });

  test('dead-letters the picking of an order in a store that does not hold it', () => {
    const stage = start();
    stage.stocked.next(delivery(5));
    stage.take.next(placed());
    const value = { orderId: 'o1', storeId: '331', pickedAt: 9 };
    stage.settle.next(new StreamRecord('331', value, 9));
    expect(stage.dead).toEqual([
      'order "o1" cannot become SETTLED: its goods are held in store "330", not in "331"',
    ]);
    expect(stage.stock.get(key)).toEqual({ onHand: 5, held: 3 });
  });

  test('dead-letters the picking of an order that was never held', () => {
    const stage = start();
    stage.settle.next(picked());
    expect(stage.dead).toEqual(['order "o1" cannot become SETTLED: it is not held']);
  });

  test('dead-letters a delivery without pieces', () => {
    const stage = start();
    stage.stocked.next(delivery(0));
    expect(stage.dead).toEqual(['delivery "d1" brings 0 pieces: give 1 or more']);
    expect(stage.stock.rows.size).toBe(0);
  });
});
