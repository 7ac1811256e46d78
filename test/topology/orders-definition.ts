import type {
  Definition,
  StageDef,
  TopicDef,
  ValueFn,
} from '../../topology/definition/definition.ts';

const day = 86_400_000;

function stream(topic: string, value: string, time?: string): TopicDef {
  const def: TopicDef = {
    topics: [topic],
    key: 'string',
    value,
    partitions: 4,
    retention: 'forever',
  };
  return time === undefined ? def : { ...def, time };
}

function status(state: string, stage: string): ValueFn {
  return {
    as: 'shop.OrderStatus',
    set: { orderId: 'key', state, at: 'record.time', stage: `"${stage}"` },
  };
}

function statusStage(from: string, state: string, stage: string): StageDef {
  return {
    inputs: [{ name: 'in', from: [from] }],
    operator: { kind: 'map-values', value: status(state, stage) },
    to: [{ stream: 'status' }],
  };
}

/** The order system's topology (`topology/orders/orders.yaml`) as a literal. */
export const ordersDefinition: Definition = {
  application: 'orders',
  doc: 'Orders from placement to payment.',
  processors: '../../processors/orders',
  schemas: '../../schemas/orders',
  streams: {
    placed: stream('orders.placed', 'shop.OrderPlaced', 'value.placedAt'),
    deliveries: stream('warehouse.deliveries', 'shop.Delivery', 'value.deliveredAt'),
    picked: stream('orders.picked', 'shop.OrderPicked', 'value.pickedAt'),
    paid: stream('orders.paid', 'shop.OrderPaid'),
    status: stream('orders.status', 'shop.OrderStatus'),
  },
  tables: {},
  stores: {
    stock: {
      key: 'shop.StockKey',
      value: 'shop.Stock',
      ttl: 'none',
      why: 'one row per store and product',
    },
    holds: { key: 'string', value: 'shop.Hold', ttl: 30 * day },
  },
  calls: {
    payments: {
      request: 'shop.ChargeRequest',
      reply: 'shop.ChargeReply',
      effect: { kind: 'idempotent', windowMs: 86_400_000 },
    },
  },
  stages: {
    once: {
      inputs: [{ name: 'in', from: ['placed'] }],
      operator: {
        kind: 'dedupe',
        by: 'key',
        compare: 'value',
        retentionMs: 30 * day,
        conflict: 'dead-letter',
      },
      outputs: ['first'],
    },
    validate: {
      inputs: [{ name: 'in', from: ['once.first'] }],
      operator: {
        kind: 'split',
        branches: [
          {
            name: 'invalid',
            when: 'size(value.lines) == 0 || value.lines.exists(l, l.quantity <= 0 || l.totalCents < 0)',
          },
        ],
        rest: 'valid',
      },
    },
    arrived: {
      inputs: [{ name: 'in', from: ['deliveries'] }],
      operator: {
        kind: 'dedupe',
        by: 'value.id',
        compare: 'value',
        retentionMs: 30 * day,
        conflict: 'dead-letter',
      },
      outputs: ['first'],
    },
    reserve: {
      inputs: [
        { name: 'take', from: ['validate.valid'], key: 'value.storeId' },
        { name: 'release', from: ['charge.declined'], key: 'value.storeId' },
        { name: 'settle', from: ['picked'], key: 'value.storeId' },
        { name: 'stocked', from: ['arrived.first'] },
      ],
      operator: { kind: 'process', use: 'reserve', stores: ['stock', 'holds'] },
      outputs: [
        { name: 'held', key: 'string', value: 'shop.Held' },
        { name: 'short', key: 'string', value: 'shop.Short' },
        { name: 'released', key: 'string', value: 'shop.Released' },
      ],
    },
    charge: {
      inputs: [{ name: 'in', from: ['reserve.held'] }],
      operator: {
        kind: 'call',
        call: 'payments',
        request: {
          orderId: 'key',
          customerId: 'value.customerId',
          amountCents: 'value.totalCents',
          currency: 'value.currency',
        },
        idempotencyKey: '"charge-" + value.orderId',
        timeoutMs: 2000,
        retry: {
          attempts: 4,
          backoffMs: 200,
          maxMs: 5000,
          jitter: 'full',
          when: ['timeout', 'unavailable'],
        },
        breaker: { window: 20, openAt: 0.5, coolDownMs: 15_000 },
        concurrency: { limit: 64, order: 'per-key' },
        match: 'reply.state',
        outcomes: {
          APPROVED: { out: 'approved' },
          DECLINED: { out: 'declined', compensates: 'reserve.held' },
        },
        unknown: { out: 'undecided', park: { afterMs: 300_000, times: 12 } },
      },
    },
    'fan-out': {
      inputs: [{ name: 'in', from: ['charge.approved'] }],
      operator: { kind: 'pass' },
      to: [
        {
          stream: 'paid',
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
        { stream: 'status', value: status('PAID', 'fan-out') },
      ],
    },
    reject: statusStage('validate.invalid', 'REJECTED', 'validate'),
    'run-short': statusStage('reserve.short', 'OUT_OF_STOCK', 'reserve'),
    'give-back': statusStage('reserve.released', 'PAYMENT_DECLINED', 'charge'),
    undecided: statusStage('charge.undecided', 'PAYMENT_UNKNOWN', 'charge'),
  },
  errors: {
    default: {
      deadLetter: 'orders.dead-letters',
      haltAbove: { share: 0.05, records: 100, perMs: 60_000 },
    },
  },
};
