import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Definition, StageDef, TableDef } from '../../../topology/definition/definition.ts';
import { check } from '../../../topology/graph/check.ts';
import { comparablePlan } from '../../../topology/plan/comparable-plan.ts';
import { describeJson } from '../../../topology/plan/describe-json.ts';
import { describeMermaid } from '../../../topology/plan/describe-mermaid.ts';
import { describeText } from '../../../topology/plan/describe-text.ts';
import type { Plan } from '../../../topology/plan/plan.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { ordersCatalog } from '../catalog.ts';
import { define, end, keyed, stage, stream } from '../graph/small.ts';
import { ordersDefinition } from '../orders-definition.ts';
import { planOf } from './small-plan.ts';

function ordersPlan(definition: Definition = ordersDefinition): Plan {
  const { graph, problems } = check(definition, ordersCatalog());
  if (graph === undefined) throw new Error(JSON.stringify(problems));
  return plan(graph);
}

/** Tables, global tables, re-grouping, a dynamic sink. */
const tables = define({
  streams: {
    big: stream('shop.Order', { topics: ['big'] }),
    small: stream('shop.Order', { topics: ['small'] }),
    names: stream('string', { topics: ['names'] }),
  },
  tables: {
    customers: stream('shop.Customer', { topics: ['customers'], cleanup: 'compact' }),
    catalog: stream('shop.Customer', { topics: ['catalog'], global: true }),
  },
  stages: {
    'per-region': stage('customers', {
      kind: 'count',
      group: { by: 'expr', key: 'value.region' },
    }),
    enrich: keyed('orders', 'value.customerId', {
      kind: 'join',
      with: 'customers',
      type: 'left',
      value: { expr: 'left' },
    }),
    route: stage(
      'enrich',
      { kind: 'pass' },
      { to: [{ by: 'value.total > 5 ? "big" : "small"', among: ['big', 'small'] }] },
    ),
    named: stage(
      'orders',
      {
        kind: 'join',
        with: 'catalog',
        type: 'inner',
        on: 'value.customerId',
        value: { expr: 'right.name' },
      },
      { to: [{ stream: 'names' }] },
    ),
  },
});

/** A stream beside a table, and a repartition topic, whose records may wait. */
const parked = define({
  tables: { customers: tables.tables['customers'] as TableDef },
  stages: {
    enrich: tables.stages['enrich'] as StageDef,
    spent: stage('enrich', { kind: 'count', group: { by: 'key' } }),
  },
  errors: { default: { deadLetter: 'failed', parkByKey: { most: 500, whenFull: 'stop' } } },
});

/** Compares with a file under `test/golden/describe`; with UPDATE_GOLDEN=1 writes it instead. */
function expectGolden(file: string, text: string): void {
  const path = join(import.meta.dirname, '../../golden/describe', file);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
  expect(existsSync(path), `${file} is missing: run with UPDATE_GOLDEN=1 and look at it`).toBe(
    true,
  );
  expect(text).toBe(readFileSync(path, 'utf8'));
}

describe('describeText', () => {
  test('prints the order system as Kafka Streams would', () => {
    expectGolden('orders.txt', describeText(ordersPlan()));
  });

  test('prints tables, global tables and dynamic sinks as Kafka Streams would', () => {
    expectGolden('tables.txt', describeText(planOf(tables)));
  });

  test('shows no store of parked records: no processor has it', () => {
    const rest = define({ tables: parked.tables, stages: parked.stages });
    expect(describeText(planOf(parked))).toBe(describeText(planOf(rest)));
  });

  test('has the exact form of TopologyDescription', () => {
    const stages = {
      a: stage('orders', { kind: 'filter', when: { expr: 'value.total > 5' } }),
      b: stage('a', { kind: 'count', group: { by: 'key' }, store: 'counts' }),
    };
    const global = { tables: { all: stream('shop.Customer', { topics: ['all'], global: true }) } };
    const join = {
      kind: 'join',
      with: 'all',
      type: 'inner',
      on: 'value.customerId',
      value: { expr: 'left' },
    } as const;
    const definition = define({
      ...global,
      stages: { ...stages, c: stage('a', join), d: end('c') },
    });
    expect(describeText(planOf(definition))).toBe(
      [
        'Topologies:',
        '   Sub-topology: 0',
        '    Source: orders (topics: [shop.Orders])',
        '      --> a',
        '    Processor: a (stores: [])',
        '      --> b, c',
        '      <-- orders',
        '    Processor: b (stores: [counts])',
        '      --> none',
        '      <-- a',
        '    Processor: c (stores: [all])',
        '      --> d',
        '      <-- a',
        '    Processor: d (stores: [])',
        '      --> none',
        '      <-- c',
        '',
        '  Sub-topology: 1 for global store (will not generate tasks)',
        '    Source: all-source (topics: [all])',
        '      --> all',
        '    Processor: all (stores: [all])',
        '      --> none',
        '      <-- all-source',
        '',
      ].join('\n'),
    );
  });
});

describe('describeMermaid', () => {
  test('draws the order system', () => {
    expectGolden('orders.mmd', describeMermaid(ordersPlan()));
  });

  test('draws tables, global tables and dynamic sinks', () => {
    expectGolden('tables.mmd', describeMermaid(planOf(tables)));
  });

  test('draws where records wait', () => {
    expectGolden('parked.mmd', describeMermaid(planOf(parked)));
  });

  test('keeps apart names that differ only in characters that ids cannot have', () => {
    const streams = {
      one: stream('shop.Order', { topics: ['a.b'] }),
      two: stream('shop.Order', { topics: ['a-b'] }),
    };
    const text = describeMermaid(planOf(define({ streams, stages: { x: end('one', 'two') } })));
    expect(text).toContain('topic_a_b>"a.b"]');
    expect(text).toContain('topic_a_b_2>"a-b"]');
  });
});

describe('describeJson', () => {
  test('holds the order system', () => {
    expectGolden('orders.json', `${JSON.stringify(describeJson(ordersPlan()), null, 2)}\n`);
  });

  test('holds tables, global tables and dynamic sinks', () => {
    expectGolden('tables.json', `${JSON.stringify(describeJson(planOf(tables)), null, 2)}\n`);
  });

  test('holds the stores of parked records', () => {
    expectGolden('parked.json', `${JSON.stringify(describeJson(planOf(parked)), null, 2)}\n`);
  });
});

describe('comparablePlan', () => {
  test('is equal for definitions that differ only in order', () => {
    const reversed = <T>(map: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(map).reverse());
    const turned: Definition = {
      ...ordersDefinition,
      streams: reversed(ordersDefinition.streams),
      stages: reversed(ordersDefinition.stages),
      stores: reversed(ordersDefinition.stores),
    };
    expect(comparablePlan(ordersPlan(turned))).toEqual(comparablePlan(ordersPlan()));
  });

  test('differs where an expression differs', () => {
    const filter = (when: string): Plan =>
      planOf(
        define({
          stages: { a: stage('orders', { kind: 'filter', when: { expr: when } }), b: end('a') },
        }),
      );
    const five = comparablePlan(filter('value.total > 5'));
    expect(comparablePlan(filter('value.total > 6'))).not.toEqual(five);
    expect(comparablePlan(filter('value.total > 5'))).toEqual(five);
  });

  test('survives JSON', () => {
    const form = comparablePlan(planOf(tables));
    expect(JSON.parse(JSON.stringify(form))).toEqual(form);
  });

  test('keeps a map operator, which is no type', () => {
    const stages = { a: stage('orders', { kind: 'map', key: { expr: 'value.id' } }), b: end('a') };
    const text = JSON.stringify(comparablePlan(planOf(define({ stages }))));
    expect(text).toContain('"operator":{"key":{"expr":"value.id"},"kind":"map"}');
  });
});
