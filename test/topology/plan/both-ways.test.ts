import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Definition } from '../../../topology/definition/definition.ts';
import { check, comparablePlan, parseTopology, plan } from '../../../topology/index.ts';
import { ordersCatalog } from '../catalog.ts';
import { orders } from '../dsl/orders.ts';

function planOf(definition: Definition | undefined): unknown {
  if (definition === undefined) throw new Error('no definition');
  const { graph, problems } = check(definition, ordersCatalog());
  if (graph === undefined) throw new Error(JSON.stringify(problems));
  return comparablePlan(plan(graph));
}

describe('the order system in TypeScript and in YAML', () => {
  test('has one plan', () => {
    const file = new URL('../../../topology/orders/orders.yaml', import.meta.url);
    const parsed = parseTopology(readFileSync(file, 'utf8'), 'orders.yaml');
    expect(planOf(orders.definition)).toEqual(planOf(parsed.definition));
  });
});
