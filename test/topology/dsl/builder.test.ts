import { describe, expect, test } from 'vitest';
import { TopologyBuilder, topology } from '../../../topology/dsl/builder.ts';
import { output } from '../../../topology/dsl/options.ts';
import { expr } from '../../../topology/dsl/expr.ts';
import { use } from '../../../topology/dsl/use.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

const source = { topic: 'orders.placed', key: 'string', value: 'shop.Order' };

const declarations = `application: shop
streams:
  placed: { topic: orders.placed, key: string, value: shop.Order }
  large: { topic: orders.large, key: string, value: shop.Order }
tables:
  customers: { topic: customers, key: string, value: shop.Customer, cleanup: compact, store: by-id }
  products: { topic: products, key: string, value: shop.Product, global: true }
calls:
  payments: { request: shop.Ask, reply: shop.Answer, doc: money }
`;

interface Order {
  readonly customerId: string;
  readonly total: number;
}

function declared() {
  const t = new TopologyBuilder('shop');
  const placed = t.stream<string, Order>('placed', source);
  const large = t.stream<string, Order>('large', { ...source, topic: 'orders.large' });
  const customers = t.table<string, { name: string }>('customers', {
    topic: 'customers',
    key: 'string',
    value: 'shop.Customer',
    cleanup: 'compact',
    store: 'by-id',
  });
  const products = t.globalTable<string, { price: number }>('products', {
    topic: 'products',
    key: 'string',
    value: 'shop.Product',
  });
  t.service('payments', { request: 'shop.Ask', reply: 'shop.Answer', doc: 'money' });
  return { t, placed, large, customers, products };
}

type Declared = ReturnType<typeof declared>;

const cases: readonly (readonly [name: string, yaml: string, build: (d: Declared) => void])[] = [
  [
    'filter',
    'a: { from: placed, filter: value.total > 1, drop: [out], doc: d, errors: { fail: true } }',
    ({ placed }) =>
      placed.filter('a', 'value.total > 1', {
        drop: ['out'],
        doc: 'd',
        errors: { fail: true },
      }),
  ],
  [
    'a stage that parks by key',
    'a: { from: placed, to-table: {}, drop: [out], errors: { dead-letter: d, park-by-key: { most: 9 } } }',
    ({ placed }) =>
      placed.toTable('a', {
        drop: ['out'],
        errors: { deadLetter: 'd', parkByKey: { most: 9 } },
      }),
  ],
  [
    'filterNot by a function',
    'a: { from: placed, filter-not: { use: is-odd }, to: large }',
    ({ placed, large }) => placed.filterNot('a', use('is-odd')).to(large),
  ],
  [
    'map by parts',
    'a: { from: placed, map: { key: value.customerId, value: { as: shop.Spent, set: { cents: value.total } } }, drop: [out] }',
    ({ placed }) =>
      placed.map(
        'a',
        {
          key: 'value.customerId',
          value: { as: 'shop.Spent', set: { cents: 'value.total' } },
        },
        { drop: ['out'] },
      ),
  ],
  [
    'map by one function',
    'a: { from: placed, map: { use: to-spent, key-as: string, as: shop.Spent }, drop: [out] }',
    ({ placed }) =>
      placed.map('a', { use: 'to-spent', keyAs: 'string', as: 'shop.Spent' }, { drop: ['out'] }),
  ],
  [
    'mapValues by a function',
    'a: { from: placed, map-values: { use: score, as: shop.Scored }, drop: [out] }',
    ({ placed }) =>
      placed.mapValues(
        'a',
        use('score', (o) => o.total, 'shop.Scored'),
        { drop: ['out'] },
      ),
  ],
  [
    'flatMap, flatMapValues and peek',
    `a: { from: placed, flat-map: { use: lines, key-as: string, as: shop.Line }, drop: [out] }
  b: { from: placed, flat-map-values: value.lines, drop: [out] }
  c: { from: placed, flat-map-values: { use: parts, as: shop.Line }, drop: [out] }
  d: { from: placed, peek: { use: look }, to: large }`,
    ({ placed, large }) => {
      const drop = ['out'];
      placed.flatMap('a', { use: 'lines', keyAs: 'string', as: 'shop.Line' }, { drop });
      placed.flatMapValues('b', 'value.lines', { drop });
      placed.flatMapValues('c', use('parts', undefined, 'shop.Line'), { drop });
      placed.peek('d', use('look')).to(large);
    },
  ],
  [
    'selectKey, withKey, merge and repartition',
    `a: { from: placed, key: value.customerId, drop: [out] }
  b: { from: placed, key: value.customerId, filter: 'true', drop: [out] }
  c: { from: [placed, large], to: large }
  d: { from: placed, repartition: { partitions: 3 }, drop: [out] }
  e: { from: placed, repartition: {}, drop: [out] }
  f: { from: [placed, large], key: value.customerId, drop: [out] }`.replace("'true'", 'true'),
    ({ placed, large }) => {
      const drop = ['out'];
      placed.selectKey('a', 'value.customerId', { drop });
      placed.withKey('value.customerId').filter('b', 'true', { drop });
      placed.merge('c', [large]).to(large);
      placed.repartition('d', { partitions: 3, drop });
      placed.repartition('e', { drop });
      placed.withKey('value.customerId').merge('f', [large.withKey('value.customerId')], { drop });
    },
  ],
  [
    'split',
    `a: { from: placed, split: [ { big: value.total > 9 }, { small: otherwise } ], drop: [big, small] }
  b: { from: placed, split: [ { big: value.total > 9 }, { rest: dropped } ], drop: [big] }`,
    ({ placed }) => {
      placed.split('a', { big: 'value.total > 9' }, 'small', { drop: ['big', 'small'] });
      placed.split('b', { big: 'value.total > 9' }, null, { drop: ['big'] });
    },
  ],
  [
    'dedupe',
    `a: { from: placed, dedupe: { by: key, retention: 1d }, to: large }
  b: { from: placed, dedupe: { by: value.id, compare: value, retention: 90s, conflict: { out: other } }, out: [first, other], drop: [first, other] }`.replace(
      ', to: large',
      ', drop: [first]',
    ),
    ({ placed }) => {
      placed.dedupe('a', { by: 'key', retention: '1d', drop: ['first'] });
      placed.dedupe('b', {
        by: 'value.id',
        compare: 'value',
        retention: 90_000,
        conflict: { out: 'other' },
        out: ['first', 'other'],
        drop: ['first', 'other'],
      });
    },
  ],
  [
    'process with one input, and punctuation',
    `a:
    from: placed
    process: reserve
    stores: [by-id]
    punctuate: { tick: { every: 1h, by: stream-time } }
    out: { held: { key: string, value: shop.Held } }
    drop: [held]`,
    ({ placed }) =>
      placed.process('a', {
        process: 'reserve',
        stores: ['by-id'],
        punctuate: { tick: { every: '1h', by: 'stream-time' } },
        out: { held: output('string', 'shop.Held') },
        drop: ['held'],
      }),
  ],
  [
    'process with merged inputs',
    `a:
    in: { left: [placed, large], right: { from: placed, key: value.customerId } }
    process: reserve
    out: { held: { key: string, value: shop.Held } }
    drop: [held]`,
    ({ t, placed, large }) =>
      t.process('a', {
        in: { left: [placed, large], right: placed.withKey('value.customerId') },
        process: use('reserve'),
        out: { held: output('string', 'shop.Held') },
        drop: ['held'],
      }),
  ],
  [
    'call with the defaults',
    `a:
    from: placed
    call: payments
    request: { id: key }
    idempotency-key: key
    timeout: 2s
    outcomes: { match: reply.state, OK: { out: good, map: reply }, unknown: { out: bad } }
    drop: [good, bad]`,
    ({ placed }) =>
      placed.call('a', {
        service: 'payments',
        request: { id: 'key' },
        idempotencyKey: 'key',
        timeout: '2s',
        match: 'reply.state',
        outcomes: { OK: { out: 'good', map: 'reply' } },
        unknown: { out: 'bad' },
        drop: ['good', 'bad'],
      }),
  ],
  [
    'aggregates',
    `a: { from: placed, group-by-key: true, count: {}, drop: [out] }
  b: { from: placed, group-by: value.customerId, count: { store: counts }, drop: [out] }
  c: { from: placed, group-by: { key: value.customerId, expr: value.total }, reduce: { add: aggregate + value }, drop: [out] }
  d:
    from: customers
    group-by: value.name
    aggregate:
      as: shop.Spent
      init: { set: { cents: 0 } }
      add: { as: shop.Spent, set: { cents: aggregate.cents + 1 } }
      subtract: { use: less }
      store: spent
    drop: [out]`,
    ({ placed, customers }) => {
      const drop = ['out'];
      placed.groupByKey().count('a', { drop });
      placed.groupBy('value.customerId').count('b', { store: 'counts', drop });
      placed
        .groupBy<string, number>('value.customerId', 'value.total')
        .reduce('c', { add: 'aggregate + value' }, { drop });
      customers.groupBy('value.name').aggregate(
        'd',
        {
          as: 'shop.Spent',
          init: { as: 'shop.Spent', set: { cents: '0' } },
          add: { as: 'shop.Spent', set: { cents: 'aggregate.cents + 1' } },
          subtract: use('less'),
        },
        { store: 'spent', drop },
      );
    },
  ],
  [
    'joins',
    `a: { from: placed, join: { with: customers, expr: right.name }, drop: [out] }
  b: { from: placed, join: { with: products, kind: left, on: value.productId, use: add-price, as: shop.Priced }, drop: [out] }`,
    ({ placed, customers, products }) => {
      const drop = ['out'];
      placed.join('a', customers, 'right.name', { drop });
      placed.leftJoin('b', products, use('add-price', undefined, 'shop.Priced'), {
        on: 'value.productId',
        drop,
      });
    },
  ],
  [
    'tables',
    `a: { from: placed, to-table: {}, drop: [out] }
  b: { from: placed, to-table: { store: last }, drop: [out] }
  c: { from: customers, to-stream: {}, to: large }
  d: { from: b, filter: { when: value.total > 1, store: big }, drop: [out] }
  e: { from: b, map-values: value.total, drop: [out] }
  f: { from: b, filter-not: value.total > 1, drop: [out] }
  g: { from: b, to-stream: { key: value.customerId }, to: large }`,
    ({ placed, large, customers }) => {
      const drop = ['out'];
      placed.toTable('a', { drop });
      const b = placed.toTable('b', { store: 'last', drop });
      customers.toStream('c').to(large);
      b.filter('d', 'value.total > 1', { store: 'big', drop });
      b.mapValues('e', 'value.total', { drop });
      b.filterNot('f', 'value.total > 1', { drop });
      b.toStream('g', { key: 'value.customerId' }).to(large);
    },
  ],
  [
    'sinks',
    `a: { from: placed, to: [ large, { large: { key: value.customerId, expr: value } } ] }
  b: { from: placed, filter: 'value.total > 1', to: { by: '"large"', among: [large] } }`,
    ({ placed, large }) => {
      placed.to('a', large, { stream: large, key: 'value.customerId', value: 'value' });
      placed.filter('b', 'value.total > 1').to({ by: '"large"', among: [large] });
    },
  ],
];

describe('TopologyBuilder', () => {
  test.each(cases)('%s gives what the file gives', (_, yaml, build) => {
    const parsed = parseTopology(`${declarations}stages:\n  ${yaml}\n`, 'shop.yaml');
    expect(parsed.problems).toEqual([]);
    const made = declared();
    build(made);
    expect(made.t.build().definition).toStrictEqual(parsed.definition);
  });

  test('keeps the functions that are given, by name', () => {
    const { t, placed } = declared();
    const isLarge = (order: Order): boolean => order.total > 9;
    placed.filter('a', use('is-large', isLarge)).filter('b', use('is-large', isLarge));
    placed.filter('c', use('elsewhere'));
    expect([...t.functions]).toEqual([['is-large', isLarge]]);
    expect(t.build().functions).toEqual(t.functions);
  });

  test.each<readonly [string, string, (d: Declared) => unknown]>([
    [
      'a stage declared twice',
      'stage "a" is declared twice: give one of them another name',
      ({ placed }) => placed.filter('a', 'true').filter('a', 'true'),
    ],
    [
      'a stream declared twice',
      'stream "placed" is declared twice: give one of them another name',
      ({ t }) => t.stream('placed', source),
    ],
    [
      'two functions of one name',
      'function "f" is given twice, and differently: give one of them another name',
      ({ placed }) =>
        placed
          .filter(
            'a',
            use('f', () => true),
          )
          .filter(
            'b',
            use('f', () => false),
          ),
    ],
    [
      'a sink without a stage',
      '"placed" is not the only output of a stage: name one for it, .to(\'name\', …)',
      ({ placed, large }) => placed.to(large),
    ],
    [
      'merged streams with different keys',
      'streams merged into input "in" have different keys: use withKey on the merged stream',
      ({ placed, large }) => placed.merge('a', [large.withKey<string>('value.customerId')]),
    ],
    [
      'a duration that is none',
      'ttl of "s" is "soon", which is no duration: write it like 250ms, 5s, 1m30s, 24h or 7d',
      ({ t }) => t.store('s', { key: 'string', value: 'long', ttl: 'soon' }),
    ],
  ])('refuses %s', (_, message, build) => {
    expect(() => build(declared())).toThrow(message);
  });

  test('builds by a function, too', () => {
    const built = topology('shop', { doc: 'd' }, (t) => t.stream('placed', source));
    expect(built.definition).toStrictEqual({
      application: 'shop',
      doc: 'd',
      streams: { placed: { topics: ['orders.placed'], key: 'string', value: 'shop.Order' } },
      tables: {},
      stores: {},
      calls: {},
      stages: {},
    });
  });
});

describe('expr', () => {
  test('writes what is put in as a literal', () => {
    expect(expr`value.name == ${'a "b" $'} && value.total > ${1.5}`).toBe(
      'value.name == "a \\"b\\" $" && value.total > 1.5',
    );
    expect(expr` value.rushed == ${true} `).toBe('value.rushed == true');
  });
});
