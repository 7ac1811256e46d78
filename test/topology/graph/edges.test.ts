import { describe, expect, test } from 'vitest';
import type { Definition, StageDef } from '../../../topology/definition/definition.ts';
import { check } from '../../../topology/graph/check.ts';
import { partitioningOf } from '../../../topology/graph/partitioning.ts';
import { ordersCatalog } from '../catalog.ts';
import { ordersDefinition } from '../orders-definition.ts';
import {
  call,
  define,
  end,
  graphOf,
  keyed,
  messages,
  problemsOf,
  smallCatalog,
  stage,
  stream,
} from './small.ts';

const day = 86_400_000;
const calls = { bank: { request: 'shop.Ask', reply: 'shop.Reply' } };
const stores = { seen: { key: 'string', value: 'long', ttl: day } };

function work(...from: readonly (readonly [name: string, from: string, key?: string])[]): StageDef {
  return {
    inputs: from.map(([name, ref, key]) => ({
      name,
      from: [ref],
      ...(key === undefined ? {} : { key }),
    })),
    operator: { kind: 'process', use: 'work', stores: ['seen'] },
    outputs: [{ name: 'done', key: 'string', value: 'shop.Order' }],
  };
}

describe('consumption', () => {
  test('says how to get rid of an output', () => {
    const [problem] = problemsOf(define({ stages: { a: stage('orders', { kind: 'pass' }) } }));
    expect(problem?.message).toBe('what stage "a" makes goes nowhere');
    expect(problem?.suggestion).toBe('consume it, send it with `to:`, or write `drop: [out]`');
    expect(problem?.on).toBe('key');
  });

  test('calls an output by the name that the author gave it', () => {
    const dedupe = { kind: 'dedupe', by: 'key', retentionMs: 1000 } as const;
    const stages = { a: stage('orders', dedupe, { outputs: ['first'] }) };
    expect(messages(define({ stages }))).toEqual(['E065 output "first" of stage "a" goes nowhere']);
  });

  test('reports each output of a stage', () => {
    const branches = [{ name: 'big', when: 'value.total > 5' }];
    const stages = { a: stage('orders', { kind: 'split', branches, rest: 'small' }) };
    expect(messages(define({ stages }))).toEqual([
      'E065 output "big" of stage "a" goes nowhere',
      'E065 output "small" of stage "a" goes nowhere',
    ]);
  });

  test('wants no consumer for a table that is kept', () => {
    const stages = { a: stage('orders', { kind: 'count', group: { by: 'key' } }) };
    expect(messages(define({ stages }))).toEqual([]);
  });

  test('takes an output for dropped whose name is misspelt', () => {
    const dedupe = { kind: 'dedupe', by: 'key', retentionMs: 1000 } as const;
    const stages = {
      a: stage('orders', { kind: 'pass' }, { drop: ['outt'] }),
      b: stage('orders', dedupe, { outputs: ['first'], drop: ['frist'] }),
      c: stage('orders', { kind: 'pass' }, { drop: ['nothing-like-it'] }),
    };
    expect(messages(define({ stages }))).toEqual([
      'E066 stage "a" has no output "outt" to drop',
      'E066 stage "b" has no output "frist" to drop',
      'E066 stage "c" has no output "nothing-like-it" to drop',
      'E065 what stage "c" makes goes nowhere',
    ]);
  });

  test('refuses to drop what is sent', () => {
    const definition = define({
      streams: { copy: stream('shop.Order', { topics: ['copy'] }) },
      stages: { a: stage('orders', { kind: 'pass' }, { to: [{ stream: 'copy' }], drop: ['out'] }) },
    });
    expect(messages(definition)).toEqual(['E066 output "out" is dropped, but is sent by "to"']);
  });

  test('does not miss the use of what a reference probably meant', () => {
    const dedupe = { kind: 'dedupe', by: 'key', retentionMs: 1000 } as const;
    const process = { kind: 'process', use: 'work', stores: ['sen'] } as const;
    const stages = {
      a: stage('orders', dedupe, { outputs: ['first'] }),
      b: end('a.frist'),
      c: stage('orders', process),
    };
    expect(messages(define({ stores, stages }))).toEqual([
      'E051 stage "a" has no output "frist"',
      'E053 no store "sen"',
    ]);
  });

  test('warns of stores and calls that nothing uses', () => {
    expect(messages(define({ calls, stores, stages: { a: end('orders') } }))).toEqual([
      'W052 store "seen" is never used',
      'W052 call "bank" is never used',
    ]);
  });
});

describe('cycles', () => {
  test('are shown once, whole', () => {
    const stages = {
      a: stage('c', { kind: 'pass' }),
      b: stage('a', { kind: 'pass' }),
      c: { inputs: [{ name: 'in', from: ['b', 'orders'] }], operator: { kind: 'pass' } },
    } as const;
    expect(messages(define({ stages }))).toEqual([
      'E067 records would go round for ever: "a" → "b" → "c" → "a"',
    ]);
  });

  test('of one stage are found', () => {
    const stages = {
      a: { inputs: [{ name: 'in', from: ['a', 'orders'] }], operator: { kind: 'pass' } },
    } as const;
    expect(messages(define({ stages }))).toEqual([
      'E067 records would go round for ever: "a" → "a"',
    ]);
  });

  function compensated(compensates: string): Definition {
    const outcomes = { OK: { out: 'ok' }, NO: { out: 'no', compensates } };
    return define({
      calls,
      stores,
      stages: {
        reserve: work(['take', 'orders'], ['undo', 'pay.no']),
        pay: stage('reserve.done', call({ outcomes })),
        done: end('pay.ok', 'pay.unclear'),
      },
    });
  }

  test('are allowed where an outcome compensates, and go through a topic', () => {
    const graph = graphOf(compensated('reserve.done'));
    const reserve = graph.stages.get('reserve');
    expect(reserve?.inputs.map(({ name, feedback }) => [name, feedback])).toEqual([
      ['take', [false]],
      ['undo', [true]],
    ]);
    const { boundary } = partitioningOf(graph);
    expect(reserve?.inputs.map((input) => boundary(reserve, input))).toEqual([
      undefined,
      'repartition',
    ]);
  });

  test('are allowed where the compensation is merged with the input of a stage that types it', () => {
    const outcomes = { OK: { out: 'ok' }, NO: { out: 'no', compensates: 'reserve.out' } };
    const definition = define({
      calls,
      stages: {
        reserve: {
          inputs: [{ name: 'in', from: ['orders', 'pay.no'] }],
          operator: { kind: 'pass' },
        },
        pay: stage('reserve', call({ outcomes })),
        done: end('pay.ok', 'pay.unclear'),
      },
    });
    expect(messages(definition)).toEqual([]);
  });

  test('compare the type of what comes back', () => {
    const map = { expr: 'reply.text' };
    const outcomes = { OK: { out: 'ok' }, NO: { out: 'no', compensates: 'reserve.out', map } };
    const definition = define({
      calls,
      stages: {
        reserve: {
          inputs: [{ name: 'in', from: ['orders', 'pay.no'] }],
          operator: { kind: 'pass' },
        },
        pay: stage('reserve', call({ outcomes })),
        done: end('pay.ok', 'pay.unclear'),
      },
    });
    expect(messages(definition)).toEqual([
      'E060 "pay.no" has a value of type string, but what it is merged with has shop.Order',
    ]);
  });

  test('that nothing flows into are found, though no part of them is wrong', () => {
    const outcomes = { OK: { out: 'ok' }, NO: { out: 'no', compensates: 'a.out' } };
    const definition = define({
      calls,
      stages: {
        a: stage('pay.no', { kind: 'pass' }),
        pay: stage('a', call({ outcomes })),
        done: end('pay.ok', 'pay.unclear', 'orders'),
      },
    });
    expect(problemsOf(definition).map(({ code }) => code)).toEqual(['E067']);
  });

  test('compensate a stage that takes the outcome', () => {
    const definition = compensated('reserve.done');
    const stages = {
      ...definition.stages,
      reserve: work(['take', 'orders']),
      other: end('pay.no'),
    };
    const [problem] = problemsOf({ ...definition, stages });
    expect(problem?.message).toBe(
      'stage "reserve" takes nothing from "pay.no", so it cannot undo "reserve.done"',
    );
    expect(problem?.path).toEqual(['stages', 'pay', 'operator', 'outcomes', 'NO', 'compensates']);
  });
});

describe('co-partitioning', () => {
  const wide = stream('shop.Order', { topics: ['wide'], partitions: 6 });
  const narrow = stream('shop.Order', { partitions: 4 });
  const customers = (partitions: number): Definition['tables'] => ({
    customers: stream('shop.Customer', { partitions }),
  });
  const join = { kind: 'join', with: 'customers', type: 'inner', value: { expr: '1' } } as const;

  test('refuses a join of topics with different partition counts', () => {
    const definition = define({
      streams: { orders: narrow },
      tables: customers(6),
      stages: { a: stage('orders', join), b: end('a') },
    });
    const [problem] = problemsOf(definition);
    expect(problem?.message).toBe(
      '"orders" has 4 partitions and "customers" has 6: records that meet in "a" would not find each other',
    );
    expect(problem?.path).toEqual(['stages', 'a', 'operator', 'with']);
  });

  test('lets a re-keyed stream adapt to the table', () => {
    const definition = define({
      streams: { orders: narrow },
      tables: customers(6),
      stages: { a: keyed('orders', 'value.customerId', join), b: end('a') },
    });
    expect(messages(definition)).toEqual([]);
  });

  test('takes any partition count that is not declared', () => {
    const definition = define({
      tables: customers(6),
      stages: { a: stage('orders', join), b: end('a') },
    });
    expect(messages(definition)).toEqual([]);
  });

  test('compares with what a repartition stage asks for', () => {
    const definition = define({
      tables: customers(6),
      stages: {
        r: stage('orders', { kind: 'repartition', partitions: 5 }),
        a: stage('r', join),
        b: end('a'),
      },
    });
    expect(messages(definition)).toEqual([
      'E069 "r" has 5 partitions and "customers" has 6: records that meet in "a" would not find each other',
    ]);
  });

  test('compares the key types of inputs that share a store', () => {
    const definition = define({
      stores,
      streams: { others: stream('shop.Paid', { key: 'long' }) },
      stages: { a: work(['one', 'orders'], ['two', 'others']), b: end('a.done') },
    });
    expect(messages(definition)).toEqual([
      'E070 input "two" is keyed by long, but "one" by string: in a stage with stores equal keys must meet',
    ]);
  });

  test('compares how joined topics are partitioned', () => {
    const definition = define({
      streams: { orders: stream('shop.Order', { partitionBy: 'value.customerId' }) },
      tables: customers(4),
      stages: { a: stage('orders', join), b: end('a') },
    });
    expect(messages(definition)).toEqual([
      'E069 "orders" and "customers" are partitioned differently',
    ]);
  });

  test('does not compare a table that a process stage cannot take', () => {
    const definition = define({
      stores,
      streams: { orders: narrow },
      tables: customers(6),
      stages: { a: work(['one', 'orders'], ['two', 'customers']), b: end('a.done') },
    });
    expect(messages(definition)).toEqual([
      'E058 process takes streams, but "customers" is a table',
    ]);
  });

  test('does not care about a global table', () => {
    const definition = define({
      streams: { orders: narrow },
      tables: { customers: stream('shop.Customer', { partitions: 6, global: true }) },
      stages: { a: stage('orders', join), b: end('a') },
    });
    expect(messages(definition)).toEqual([]);
  });

  test('refuses stateless merges, since the tasks of both are the same', () => {
    const definition = define({
      streams: { orders: narrow, wide },
      stages: { a: end('orders', 'wide') },
    });
    expect(problemsOf(definition).map(({ code }) => code)).toEqual(['E069']);
  });
});

describe('marks of changed keys', () => {
  const marked = (stages: Definition['stages'], name: string, port = 'out'): boolean =>
    partitioningOf(graphOf(define({ stores, calls, stages }))).marked({
      kind: 'stage',
      name,
      port,
    });
  const rekeyed = keyed('orders', 'value.customerId', { kind: 'pass' });

  test('survive what keeps the key', () => {
    const stages = {
      a: rekeyed,
      b: stage('a', { kind: 'filter', when: { expr: 'value.total > 5' } }),
      c: stage('b', { kind: 'map-values', value: { expr: 'value.lines' } }),
      d: stage('c', { kind: 'flat-map-values', value: { expr: 'value' } }),
      e: end('d'),
    };
    expect(marked(stages, 'd')).toBe(true);
  });

  test('end at a repartition topic', () => {
    const stages = { a: rekeyed, b: stage('a', { kind: 'repartition' }), c: end('b') };
    expect(marked(stages, 'a')).toBe(true);
    expect(marked(stages, 'b')).toBe(false);
  });

  test('are set by map with a key, though the key stays equal, but not by map without one', () => {
    const stages = {
      a: stage('orders', { kind: 'map', key: { expr: 'key' } }),
      b: stage('orders', { kind: 'map', value: { expr: 'value.total' } }),
      c: end('a'),
      d: end('b'),
    };
    expect(marked(stages, 'a')).toBe(true);
    expect(marked(stages, 'b')).toBe(false);
  });

  test('are set by process and by to-stream with a key', () => {
    const stages = {
      a: work(['in', 'orders']),
      b: stage('orders', { kind: 'to-table' }),
      c: stage('b', { kind: 'to-stream' }),
      d: stage('b', { kind: 'to-stream', key: 'value.id' }),
      e: end('a.done', 'c', 'd'),
    };
    expect(marked(stages, 'a', 'done')).toBe(true);
    expect(marked(stages, 'c')).toBe(false);
    expect(marked(stages, 'd')).toBe(true);
  });
});

describe('check', () => {
  test('gives equal graphs whatever the order of declarations', () => {
    const reversed = <T>(map: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(map).reverse());
    const { streams, stores: orderStores, stages } = ordersDefinition;
    const turned: Definition = {
      ...ordersDefinition,
      streams: reversed(streams),
      stores: reversed(orderStores),
      stages: reversed(stages),
    };
    const catalog = ordersCatalog();
    const one = check(ordersDefinition, catalog).graph;
    const two = check(turned, catalog).graph;
    expect([...(two?.stages.entries() ?? [])]).toEqual([...(one?.stages.entries() ?? [])]);
  });

  test('returns a graph in spite of warnings, and none in spite of one error', () => {
    const warned = define({ stores, stages: { a: end('orders') } });
    expect(check(warned, smallCatalog).graph).toBeDefined();
    const wrong = define({ stages: { a: end('ordres'), b: end('orders') } });
    expect(check(wrong, smallCatalog)).not.toHaveProperty('graph');
  });
});
