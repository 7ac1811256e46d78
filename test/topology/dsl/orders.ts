import { output } from '../../../topology/dsl/options.ts';
import type { BuiltTopology } from '../../../topology/dsl/builder.ts';
import { topology } from '../../../topology/dsl/builder.ts';
import { expr } from '../../../topology/dsl/expr.ts';
import type { KStream } from '../../../topology/dsl/handles.ts';
import type { Projection } from '../../../topology/dsl/use.ts';

interface Line {
  readonly productId: string;
  readonly quantity: number;
  readonly totalCents: number;
}

interface OrderPlaced {
  readonly orderId: string;
  readonly storeId: string;
  readonly customerId: string;
  readonly lines: readonly Line[];
  readonly totalCents: number;
}

interface Held {
  readonly orderId: string;
  readonly totalCents: number;
}

interface OrderStatus {
  readonly orderId: string;
  readonly state: string;
}

const kept = { partitions: 4, retention: 'forever' } as const;

function status(state: string, stage: string): Projection {
  const set = { orderId: 'key', state, at: 'record.time', stage: expr`${stage}` };
  return { as: 'shop.OrderStatus', set };
}

/** The topology of topology/orders/orders.yaml, built in TypeScript. */
export const orders: BuiltTopology = topology(
  'orders',
  {
    doc: 'Orders from placement to payment.',
    processors: '../../processors/orders',
    schemas: '../../schemas/orders',
    errors: {
      deadLetter: 'orders.dead-letters',
      haltAbove: { share: 0.05, records: 100, per: '1m' },
    },
  },
  (t) => {
    const placed = t.stream<string, OrderPlaced>('placed', {
      ...kept,
      topic: 'orders.placed',
      key: 'string',
      value: 'shop.OrderPlaced',
      time: 'value.placedAt',
    });
    const deliveries = t.stream<string>('deliveries', {
      ...kept,
      topic: 'warehouse.deliveries',
      key: 'string',
      value: 'shop.Delivery',
      time: 'value.deliveredAt',
    });
    const picked = t.stream<string>('picked', {
      ...kept,
      topic: 'orders.picked',
      key: 'string',
      value: 'shop.OrderPicked',
      time: 'value.pickedAt',
    });
    const paid = t.stream<string>('paid', {
      ...kept,
      topic: 'orders.paid',
      key: 'string',
      value: 'shop.OrderPaid',
    });
    const statuses = t.stream<string, OrderStatus>('status', {
      ...kept,
      topic: 'orders.status',
      key: 'string',
      value: 'shop.OrderStatus',
    });
    const stock = t.store('stock', {
      key: 'shop.StockKey',
      value: 'shop.Stock',
      ttl: 'none',
      why: 'one row per store and product',
    });
    const holds = t.store('holds', { key: 'string', value: 'shop.Hold', ttl: '30d' });
    const payments = t.service('payments', {
      request: 'shop.ChargeRequest',
      reply: 'shop.ChargeReply',
      effect: { idempotent: { window: '24h' } },
    });

    const same = {
      compare: 'value',
      retention: '30d',
      conflict: 'dead-letter',
      out: ['first'],
    } as const;
    const once = placed.dedupe('once', { ...same, by: 'key' });
    const { invalid, valid } = once.first.split(
      'validate',
      {
        invalid:
          'size(value.lines) == 0 || value.lines.exists(l, l.quantity <= 0 || l.totalCents < 0)',
      },
      'valid',
    );
    const arrived = deliveries.dedupe('arrived', { ...same, by: 'value.id' });
    const reserve = t.process('reserve', {
      in: {
        take: valid.withKey('value.storeId'),
        release: t.ref('charge.declined').withKey('value.storeId'),
        settle: picked.withKey('value.storeId'),
        stocked: arrived.first,
      },
      process: 'reserve',
      stores: [stock, holds],
      out: {
        held: output<string, Held>('string', 'shop.Held'),
        short: output<string, unknown>('string', 'shop.Short'),
        released: output<string, unknown>('string', 'shop.Released'),
      },
    });
    const charge = reserve.held.call('charge', {
      service: payments,
      request: {
        orderId: 'key',
        customerId: 'value.customerId',
        amountCents: 'value.totalCents',
        currency: 'value.currency',
      },
      idempotencyKey: '"charge-" + value.orderId',
      timeout: '2s',
      retry: {
        attempts: 4,
        backoff: '200ms',
        max: '5s',
        jitter: 'full',
        when: ['timeout', 'unavailable'],
      },
      breaker: { window: 20, openAt: '50%', coolDown: '15s' },
      concurrency: { limit: 64, order: 'per-key' },
      match: 'reply.state',
      outcomes: {
        APPROVED: { out: 'approved' },
        DECLINED: { out: 'declined', compensates: reserve.held },
      },
      unknown: { park: '5m', times: 12, then: 'undecided' },
    });
    charge.approved.to(
      'fan-out',
      {
        stream: paid,
        value: {
          as: 'shop.OrderPaid',
          set: {
            orderId: 'key',
            customerId: 'value.customerId',
            storeId: 'value.storeId',
            lines: 'value.lines',
            totalCents: 'value.totalCents',
          },
        },
      },
      { stream: statuses, value: status('PAID', 'fan-out') },
    );
    const ended = <V>(
      name: string,
      from: KStream<string, V>,
      state: string,
      stage: string,
    ): void => {
      from.mapValues<OrderStatus>(name, status(state, stage)).to(statuses);
    };
    ended('reject', invalid, 'REJECTED', 'validate');
    ended('run-short', reserve.short, 'OUT_OF_STOCK', 'reserve');
    ended('give-back', reserve.released, 'PAYMENT_DECLINED', 'charge');
    ended('undecided', charge.undecided, 'PAYMENT_UNKNOWN', 'charge');
  },
);
