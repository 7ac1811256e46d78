/*
 * Compile-only: what the builder infers. `tsc --noEmit` is the test; nothing here runs.
 */
import { TopologyBuilder } from '../../topology/dsl/builder.ts';
import type { KStream, KTable } from '../../topology/dsl/handles.ts';
import { output } from '../../topology/dsl/options.ts';
import { use } from '../../topology/dsl/use.ts';

type Equal<A, B> = [A, B] extends [B, A] ? true : false;

/** Compiles only where the value is of exactly the type. */
function is<A>() {
  return <B>(_value: B, _same: Equal<A, B>): void => undefined;
}

interface Order {
  readonly customerId: string;
  readonly total: number;
}

interface Held {
  readonly orderId: string;
}

const t = new TopologyBuilder('shop');
const options = { topic: 'orders.placed', key: 'string', value: 'shop.Order' };
const placed = t.stream<string, Order>('placed', options);
const customers = t.table<string, { readonly name: string }>('customers', options);
const products = t.globalTable<number, { readonly price: number }>('products', options);

// Types of key and value go through stages that do not change them.
is<KStream<string, Order>>()(placed.filter('a', 'true'), true);
is<KStream<string, Order>>()(
  placed.filter(
    'b',
    use('f', (order, key, record) => order.total > key.length + record.time),
  ),
  true,
);

// Results of inline functions are inferred; expressions give unknown unless the author says more.
is<KStream<string, number>>()(
  placed.mapValues(
    'c',
    use('g', (order) => order.total),
  ),
  true,
);
is<KStream<string, string>>()(
  placed.mapValues(
    'd',
    use('h', (order) => order.customerId, 'string'),
  ),
  true,
);
is<KStream<string>>()(placed.mapValues('e', 'value.total'), true);
is<KStream<string, number>>()(placed.mapValues<number>('f', 'value.total'), true);
is<KStream<number, string>>()(
  placed.map('g', { ...use('i', (order: Order) => ({ key: order.total, value: 'x' })) }),
  true,
);

// The comparison itself can fail, both ways.
// @ts-expect-error unknown is not number
is<KStream<string, number>>()(placed.mapValues('x', 'value.total'), true);
// @ts-expect-error number is not unknown
is<KStream<string>>()(placed.mapValues<number>('y', 'value.total'), true);

// Re-keying changes the key alone.
is<KStream<number, Order>>()(placed.withKey<number>('value.total'), true);
is<KStream<unknown, Order>>()(placed.selectKey('h', 'value.customerId'), true);

// Branches, outputs and outcomes are properties.
const branches = placed.split('i', { large: 'value.total > 9' }, 'small');
is<KStream<string, Order>>()(branches.large, true);
is<KStream<string, Order>>()(branches.small, true);
// @ts-expect-error there is no such branch
void branches.medium;
const open = placed.split('j', { large: 'value.total > 9' }, null);
// @ts-expect-error the rest is dropped
void open.small;
const unique = placed.dedupe('k', {
  by: 'key',
  retention: '1d',
  conflict: { out: 'other' },
  out: ['first', 'other'],
});
is<KStream<string, Order>>()(unique.first, true);
is<KStream<string, Order>>()(unique.other, true);
const made = placed.process('l', {
  process: 'reserve',
  out: { held: output<string, Held>('string', 'shop.Held') },
});
is<KStream<string, Held>>()(made.held, true);
// @ts-expect-error there is no such output
void made.short;
const asked = placed.call('m', {
  service: 'payments',
  request: {},
  idempotencyKey: 'key',
  timeout: '1s',
  match: 'reply.state',
  outcomes: { OK: { out: 'good' } },
  unknown: { out: 'bad' },
});
is<KStream<string, Order>>()(asked.good, true);
is<KStream<string, Order>>()(asked.bad, true);
// @ts-expect-error there is no such outcome
void asked.ugly;

// Aggregates and joins.
is<KTable<string, number>>()(placed.groupByKey().count('n'), true);
is<KTable<number, Order>>()(
  placed.groupBy<number>('value.total').reduce('o', {
    add: use('j', (aggregate, value) => (aggregate.total > value.total ? aggregate : value)),
  }),
  true,
);
is<KTable<string, number>>()(
  placed.groupByKey().aggregate<number>('p', {
    as: 'long',
    init: use('k', () => 0),
    add: use('l', (aggregate, order) => aggregate + order.total),
  }),
  true,
);
is<KStream<string, string>>()(
  placed.join(
    'q',
    customers,
    use('m', (order: Order, customer: { readonly name: string }) => customer.name),
  ),
  true,
);
is<KStream<string, number>>()(
  placed.leftJoin(
    'r',
    products,
    use('n', (order: Order, product: { readonly price: number } | null) => product?.price ?? 0),
    { on: 'value.productId' },
  ),
  true,
);
placed.leftJoin(
  's',
  products,
  // @ts-expect-error a left join may find no row
  use('o', (order: Order, product: { price: number }) => product),
);
// @ts-expect-error keys of different types do not meet
placed.withKey<number>('value.total').join('t', customers, 'right.name');

// Functions must fit their place.
placed.filter(
  'u',
  // @ts-expect-error a condition is a boolean
  use('p', (order: Order) => order.total),
);
placed.mapValues(
  'v',
  // @ts-expect-error an order has no price
  use('q', (order) => order.price),
);
// @ts-expect-error topics have no colour
t.stream('w', { ...options, colour: 'red' });

// Parking goes with dead letters, and takes two settings.
placed.peek('x', use('r'), {
  errors: { deadLetter: 'd', parkByKey: { most: 5, whenFull: 'stop' } },
});
// @ts-expect-error there is no third thing to do
placed.peek('y', use('r'), { errors: { deadLetter: 'd', parkByKey: { whenFull: 'drop' } } });
// @ts-expect-error what fails does not park
placed.peek('z', use('r'), { errors: { fail: true, parkByKey: {} } });
