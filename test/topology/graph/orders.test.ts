import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../../../topology/graph/check.ts';
import { check } from '../../../topology/graph/check.ts';
import { comparablePlan } from '../../../topology/plan/comparable-plan.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';
import { ordersCatalog } from '../catalog.ts';
import { ordersDefinition } from '../orders-definition.ts';

function checkFile(): CheckResult {
  const file = join(import.meta.dirname, '../../../topology/orders/orders.yaml');
  const { definition, problems } = parseTopology(readFileSync(file, 'utf8'), file);
  if (definition === undefined) throw new Error(JSON.stringify(problems));
  return check(definition, ordersCatalog());
}

describe('the order system', () => {
  test('has no problem, and its graph holds all stages', () => {
    const result = check(ordersDefinition, ordersCatalog());
    expect(result.problems).toEqual([]);
    expect([...(result.graph?.stages.keys() ?? [])]).toEqual([
      'arrived',
      'charge',
      'fan-out',
      'give-back',
      'once',
      'reject',
      'reserve',
      'run-short',
      'undecided',
      'validate',
    ]);
  });

  test('is planned the same from its file and from a literal', () => {
    const file = checkFile();
    expect(file.problems).toEqual([]);
    const literal = check(ordersDefinition, ordersCatalog());
    if (file.graph === undefined || literal.graph === undefined) throw new Error('no graph');
    expect(comparablePlan(plan(file.graph))).toEqual(comparablePlan(plan(literal.graph)));
  });

  test('moves records from the charge back to the reservation through a topic', () => {
    const { graph } = check(ordersDefinition, ordersCatalog());
    if (graph === undefined) throw new Error('no graph');
    const made = plan(graph);
    expect(made.subTopologies.map(({ id, sourceTopics }) => [id, sourceTopics])).toEqual([
      [
        'arrived',
        [
          'orders-reserve-release-repartition',
          'orders-reserve-settle-repartition',
          'orders-reserve-take-repartition',
          'warehouse.deliveries',
        ],
      ],
      ['charge', ['orders-charge-repartition']],
      ['once', ['orders.placed']],
      ['picked', ['orders.picked']],
    ]);
  });
});
