import { describe, expect, test } from 'vitest';
import type { Definition } from '../../../topology/definition/definition.ts';
import { isStreamsError } from '../../../topology/core/errors.ts';
import { check } from '../../../topology/graph/check.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { ordersCatalog } from '../catalog.ts';
import { call, define, end, keyed, stage, stream } from '../graph/small.ts';
import { ordersDefinition } from '../orders-definition.ts';
import { planOf, sinkOf, sourceOf, stageOf, storesOf, topicsOf } from './small-plan.ts';

const calls = { bank: { request: 'shop.Ask', reply: 'shop.Reply' } };
const count = { kind: 'count', group: { by: 'key' } } as const;
const rekeyed = (partitions?: number): Definition =>
  define({
    streams: {
      orders: stream('shop.Order', partitions === undefined ? {} : { partitions }),
    },
    stages: { a: keyed('orders', 'value.id', { kind: 'pass' }), b: stage('a', count) },
  });

describe('partition counts', () => {
  test('of repartition topics and changelogs follow the source', () => {
    const made = planOf(rekeyed(5));
    expect(topicsOf(made, 'repartition')).toEqual(['app-b-repartition 5']);
    expect(topicsOf(made, 'changelog')).toEqual(['app-b-changelog 5']);
    expect(made.subTopologies.map(({ id, partitions }) => [id, partitions])).toEqual([
      ['a', 5],
      ['b', 5],
    ]);
  });

  test('are asked of the log where none is declared', () => {
    const asked: string[] = [];
    const partitionsOf = (topic: string): number => {
      asked.push(topic);
      return 8;
    };
    const made = planOf(rekeyed(), { partitionsOf });
    expect(topicsOf(made, 'repartition')).toEqual(['app-b-repartition 8']);
    expect(made.topics.get('shop.Orders')?.partitions).toBe(8);
    expect(new Set(asked)).toEqual(new Set(['shop.Orders']));
  });

  test('are not asked of the log where they are declared', () => {
    const made = planOf(rekeyed(5), { partitionsOf: () => 8 });
    expect(made.topics.get('shop.Orders')?.partitions).toBe(5);
  });

  test('are 1 where nothing is known, and the topic keeps what it has', () => {
    const made = planOf(rekeyed());
    expect(made.subTopologies.map(({ partitions }) => partitions)).toEqual([1, 1]);
    expect(made.topics.get('shop.Orders')).not.toHaveProperty('partitions');
  });

  test('are all the same where a test says so', () => {
    const graph = check(ordersDefinition, ordersCatalog()).graph;
    if (graph === undefined) throw new Error('no graph');
    const made = plan(graph, { allPartitions: 3 });
    const counts = [...made.topics.values()]
      .filter(({ role }) => role !== 'control' && role !== 'resolutions' && role !== 'dead-letter')
      .map(({ partitions }) => partitions);
    expect(new Set(counts)).toEqual(new Set([3]));
    expect(new Set(made.subTopologies.map(({ partitions }) => partitions))).toEqual(new Set([3]));
  });

  test('of a repartition topic follow what it meets, not what writes to it', () => {
    const definition = define({
      streams: { orders: stream('shop.Order', { partitions: 4 }) },
      tables: { customers: stream('shop.Customer', { partitions: 6 }) },
      stages: {
        a: keyed('orders', 'value.customerId', {
          kind: 'join',
          with: 'customers',
          type: 'inner',
          value: { expr: 'left.id' },
        }),
        b: end('a'),
      },
    });
    const made = planOf(definition);
    expect(topicsOf(made, 'repartition')).toEqual(['app-a-repartition 6']);
    expect(made.topics.get('app-a-repartition')?.coPartitionedWith).toEqual(['shop.Customers']);
  });

  test('are the largest of the writers where several write', () => {
    const definition = define({
      streams: {
        orders: stream('shop.Order', { partitions: 4 }),
        more: stream('shop.Order', { topics: ['more'], partitions: 6 }),
      },
      stores: { seen: { key: 'string', value: 'long', ttl: 1000 } },
      stages: {
        a: {
          inputs: [
            { name: 'one', from: ['orders'], key: 'value.id' },
            { name: 'two', from: ['more'], key: 'value.id' },
          ],
          operator: { kind: 'process', use: 'work', stores: ['seen'] },
        },
      },
    });
    expect(topicsOf(planOf(definition), 'repartition')).toEqual([
      'app-a-one-repartition 6',
      'app-a-two-repartition 6',
    ]);
  });

  test('of topics that the log has differently are refused', () => {
    const definition = define({
      tables: { customers: stream('shop.Customer', { partitions: 6 }) },
      stages: {
        a: stage('orders', {
          kind: 'join',
          with: 'customers',
          type: 'inner',
          value: { expr: 'left.id' },
        }),
        b: end('a'),
      },
    });
    let caught: unknown;
    try {
      planOf(definition, { partitionsOf: () => 4 });
    } catch (error) {
      caught = error;
    }
    expect(isStreamsError(caught) ? caught.code : caught).toBe('PLAN_PARTITIONS');
    expect(String(caught)).toContain(
      'topics "shop.Customers" (6 partitions) and "shop.Orders" (4) are read together',
    );
  });
});

describe('topics', () => {
  test('are those in use, the control topic and the dead letters', () => {
    const definition = define({
      streams: { unused: stream('shop.Paid') },
      stages: { a: { ...end('orders'), errors: { deadLetter: 'bad.orders' } } },
      errors: { default: { deadLetter: 'bad' } },
    });
    const made = planOf(definition);
    expect(
      [...made.topics.values()].map(({ name, role, cleanup }) => [name, role, cleanup]),
    ).toEqual([
      ['app-control', 'control', 'compact'],
      ['bad', 'dead-letter', 'delete'],
      ['bad.orders', 'dead-letter', 'delete'],
      ['shop.Orders', 'stream', 'delete'],
    ]);
    expect(made.errors).toEqual({ deadLetter: 'bad' });
    expect(stageOf(made, 'a').errors).toEqual({ deadLetter: 'bad.orders' });
  });

  test('have what their declaration says', () => {
    const orders = stream('shop.Order', {
      topics: ['orders.v1', 'orders.v2'],
      time: 'value.at',
      offsetReset: 'latest',
      retention: 1000,
      format: 'json',
    });
    const made = planOf(define({ streams: { orders }, stages: { a: end('orders') } }));
    expect(sourceOf(made, 'orders')).toMatchObject({
      topics: ['orders.v1', 'orders.v2'],
      time: 'value.at',
      offsetReset: 'latest',
      format: 'json',
    });
    expect(made.topics.get('orders.v2')).toMatchObject({ retention: 1000, format: 'json' });
    expect(made.subTopologies[0]?.sourceTopics).toEqual(['orders.v1', 'orders.v2']);
  });

  test('of sinks come with their projection and partitioning', () => {
    const paid = { as: 'shop.Paid', set: { orderId: 'key', total: 'value.total' } };
    const definition = define({
      streams: { paid: stream('shop.Paid', { partitionBy: 'value.orderId' }) },
      stages: { a: stage('orders', { kind: 'pass' }, { to: [{ stream: 'paid', value: paid }] }) },
    });
    expect(sinkOf(planOf(definition), 'a-to-paid')).toMatchObject({
      topic: 'shop.Paids',
      input: { node: 'a', output: 'out' },
      partitionBy: 'value.orderId',
      internal: false,
      dropNullKeys: false,
    });
  });

  test('of a dynamic sink are its choices', () => {
    const copies = {
      one: stream('shop.Order', { topics: ['one'] }),
      two: stream('shop.Order', { topics: ['two'] }),
    };
    const to = [{ by: 'value.total > 5 ? "one" : "two"', among: ['one', 'two'] }];
    const definition = define({
      streams: copies,
      stages: { a: stage('orders', { kind: 'pass' }, { to }) },
    });
    const sink = sinkOf(planOf(definition), 'a-to');
    expect(sink.choices).toEqual({ one: 'one', two: 'two' });
    expect(sink).not.toHaveProperty('topic');
  });
});

describe('stores', () => {
  test('of dedupe have the type of what is compared and expire with the retention', () => {
    const stages = {
      a: stage(
        'orders',
        { kind: 'dedupe', by: 'value.total', retentionMs: 5000 },
        { drop: ['out'] },
      ),
    };
    const made = planOf(define({ stages }));
    expect(storesOf(made)).toEqual(['a-seen: long → bytes, app-a-seen-changelog, ttl 5000']);
    expect(stageOf(made, 'a').stores).toEqual(['a-seen']);
  });

  test('of calls journal what was asked', () => {
    const stages = { a: stage('orders', call()), b: end('a.ok', 'a.no', 'a.unclear') };
    const made = planOf(define({ calls, stages }));
    expect(storesOf(made)).toEqual(['a-journal: bytes → bytes, app-a-journal-changelog, ttl none']);
    expect(topicsOf(made, 'changelog')).toEqual(['app-a-journal-changelog 1']);
  });

  test('that no stage uses are not made', () => {
    const stores = { seen: { key: 'string', value: 'long', ttl: 1000 } };
    expect(storesOf(planOf(define({ stores, stages: { a: end('orders') } })))).toEqual([]);
  });
});
