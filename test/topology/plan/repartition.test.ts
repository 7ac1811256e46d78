import { describe, expect, test } from 'vitest';
import type { Definition, OperatorDef, StageDef } from '../../../topology/definition/definition.ts';
import { call, define, end, keyed, stage, stream } from '../graph/small.ts';
import { planOf, shape, sinkOf, sourceOf, stageOf, topicsOf } from './small-plan.ts';

const day = 86_400_000;
const calls = { bank: { request: 'shop.Ask', reply: 'shop.Reply' } };
const stores = { seen: { key: 'string', value: 'long', ttl: day } };
const customers = { customers: stream('shop.Customer') };
const join = (type: 'inner' | 'left'): OperatorDef => ({
  kind: 'join',
  with: 'customers',
  type,
  value: { expr: 'left.id' },
});

function work(inputs: StageDef['inputs'], useStores = true): StageDef {
  const operator: OperatorDef = useStores
    ? { kind: 'process', use: 'work', stores: ['seen'] }
    : { kind: 'process', use: 'work' };
  return { inputs, operator, outputs: [{ name: 'done', key: 'string', value: 'shop.Order' }] };
}

function repartitions(parts: Partial<Definition>): readonly string[] {
  return topicsOf(planOf(define(parts)), 'repartition').map((text) => text.split(' ')[0] ?? '');
}

describe('repartition topics', () => {
  test('stand in front of an aggregate of a re-keyed stream', () => {
    const made = planOf(
      define({
        stages: {
          a: keyed('orders', 'value.customerId', { kind: 'pass' }),
          b: stage('a', { kind: 'count', group: { by: 'key' } }),
        },
      }),
    );
    expect(shape(made)).toEqual([
      'a: orders, a-key, a, b-repartition-sink',
      'b: b-repartition-source, b',
    ]);
  });

  test('are not there where the key stays', () => {
    const stages = { b: stage('orders', { kind: 'count', group: { by: 'key' } }) };
    expect(repartitions({ stages })).toEqual([]);
  });

  test('stand behind the new key of a group-by', () => {
    const made = planOf(
      define({
        stages: {
          b: stage('orders', {
            kind: 'reduce',
            group: { by: 'expr', key: 'value.customerId', value: { expr: 'value.total' } },
            add: { expr: 'aggregate + value' },
          }),
        },
      }),
    );
    expect(shape(made)).toEqual([
      'b: b-repartition-source, b',
      'b-repartition-sink: orders, b-group-by, b-repartition-sink',
    ]);
    expect(stageOf(made, 'b-group-by').operator).toEqual({
      kind: 'rekey',
      by: 'value.customerId',
      value: { expr: 'value.total' },
    });
    expect(sinkOf(made, 'b-repartition-sink').type.value).toEqual({ kind: 'long' });
  });

  test('are not there where a new key meets nothing that needs it', () => {
    const stages = {
      a: keyed('orders', 'value.customerId', { kind: 'pass' }),
      b: work([{ name: 'in', from: ['a'] }], false),
      c: end('b'),
    };
    expect(repartitions({ stages })).toEqual([]);
  });

  test('are named by stage and input, one for each re-keyed input', () => {
    const stages = {
      b: work([
        { name: 'one', from: ['orders'], key: 'value.id' },
        { name: 'two', from: ['orders'], key: 'value.customerId' },
        { name: 'three', from: ['orders'] },
      ]),
      c: end('b'),
    };
    expect(repartitions({ stores, stages })).toEqual([
      'app-b-one-repartition',
      'app-b-two-repartition',
    ]);
  });

  test.each([
    ['dedupe', { kind: 'dedupe', by: 'key', retentionMs: 1000 }],
    ['to-table', { kind: 'to-table', store: 'rows' }],
    ['join', join('inner')],
  ] as const)('stand in front of %s', (_, operator) => {
    const tables = operator.kind === 'join' ? customers : {};
    const drop = operator.kind === 'to-table' ? {} : { drop: ['out'] };
    const stages = {
      a: stage('orders', { kind: 'map', key: { expr: 'value.customerId' } }),
      b: stage('a', operator, drop),
    };
    expect(repartitions({ tables, stages })).toEqual(['app-b-repartition']);
  });

  test('stand in front of a call', () => {
    const stages = {
      a: keyed('orders', 'value.customerId', { kind: 'pass' }),
      b: stage('a', call()),
      c: end('b.ok', 'b.no', 'b.unclear'),
    };
    expect(repartitions({ calls, stages })).toEqual(['app-b-repartition']);
  });

  test('are not there in front of a join with a global table', () => {
    const stages = {
      a: keyed('orders', 'value.customerId', { kind: 'pass' }),
      b: stage('a', join('inner')),
      c: end('b'),
    };
    const tables = { customers: stream('shop.Customer', { global: true }) };
    const made = planOf(define({ tables, stages }));
    expect(topicsOf(made, 'repartition')).toEqual([]);
    expect(made.globalTables.map(({ name, store }) => [name, store])).toEqual([
      ['customers', 'customers'],
    ]);
    expect(made.stores.get('customers')).toMatchObject({ global: true, sourceBacked: true });
    expect(made.subTopologies.flatMap((sub) => sub.stores)).toEqual([]);
    expect(stageOf(made, 'b').stores).toEqual(['customers']);
  });

  test('are made by repartition though the key stays', () => {
    const stages = { r: stage('orders', { kind: 'repartition', partitions: 7 }), c: end('r') };
    const made = planOf(define({ stages }));
    expect(topicsOf(made, 'repartition')).toEqual(['app-r-repartition 7']);
    expect(shape(made)).toEqual([
      'c: r-repartition-source, r, c',
      'orders: orders, r-repartition-sink',
    ]);
  });

  test('merge what flows into them', () => {
    const more = { more: stream('shop.Order', { topics: ['more'] }) };
    const stages = {
      a: keyed('orders', 'value.customerId', { kind: 'pass' }),
      b: {
        inputs: [{ name: 'in', from: ['a', 'more'] }],
        operator: { kind: 'count', group: { by: 'key' } },
      },
    } as const;
    const made = planOf(define({ streams: more, stages }));
    expect(stageOf(made, 'b-merge').inputs).toEqual({
      in: [
        { node: 'a', output: 'out' },
        { node: 'more', output: 'out' },
      ],
    });
    expect(sinkOf(made, 'b-repartition-sink').input).toEqual({ node: 'b-merge', output: 'out' });
  });
});

describe('null keys', () => {
  const drops = (stages: Definition['stages'], name: string): boolean =>
    sinkOf(planOf(define({ tables: customers, stages })), `${name}-repartition-sink`).dropNullKeys;

  test('are dropped at a repartition topic', () => {
    const stages = { r: stage('orders', { kind: 'repartition' }), c: end('r') };
    expect(drops(stages, 'r')).toBe(true);
  });

  test('are kept where a left join lies downstream, at any distance (KIP-962)', () => {
    const stages = {
      r: stage('orders', { kind: 'repartition' }),
      s: stage('r', { kind: 'repartition' }),
      b: stage('s', join('left')),
      c: end('b'),
    };
    expect(drops(stages, 'r')).toBe(false);
    expect(drops(stages, 's')).toBe(false);
  });

  test('are kept at the topic of a left join and dropped at that of an inner one', () => {
    const rekeyed = keyed('orders', 'value.customerId', { kind: 'pass' });
    const stages = (type: 'inner' | 'left'): Definition['stages'] => ({
      a: rekeyed,
      b: stage('a', join(type)),
      c: end('b'),
    });
    expect(drops(stages('left'), 'b')).toBe(false);
    expect(drops(stages('inner'), 'b')).toBe(true);
  });
});

describe('re-grouped tables', () => {
  const regrouped = define({
    tables: { customers: stream('shop.Customer', { partitions: 3 }) },
    stages: {
      a: stage('customers', { kind: 'count', group: { by: 'expr', key: 'value.region' } }),
    },
  });

  test('go through a topic that carries changes', () => {
    const made = planOf(regrouped);
    expect(shape(made)).toEqual([
      'a: a-repartition-source, a',
      'a-repartition-sink: customers, a-group-by, a-repartition-sink',
    ]);
    expect(stageOf(made, 'a-group-by').operator).toEqual({ kind: 'regroup', by: 'value.region' });
    expect(sinkOf(made, 'a-repartition-sink').changes).toBe(true);
    expect(sourceOf(made, 'a-repartition-source')).toMatchObject({ changes: true, sendOld: false });
    expect(topicsOf(made, 'repartition')).toEqual(['app-a-repartition 3']);
  });

  test('go through it even where they are grouped by their own key', () => {
    const stages = { a: stage('customers', { kind: 'count', group: { by: 'key' } }) };
    const made = planOf(define({ tables: customers, stages }));
    expect(stageOf(made, 'a-group-by').operator).toEqual({ kind: 'regroup', by: 'key' });
  });

  test('hand the aggregate a table, so that it takes rows out before it adds them', () => {
    expect(stageOf(planOf(regrouped), 'a').inputTypes['in']?.kind).toBe('table');
  });
});
