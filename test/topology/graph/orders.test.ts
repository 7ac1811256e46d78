import { describe, expect, test } from 'vitest';
import { check } from '../../../topology/graph/check.ts';
import { ordersCatalog } from '../catalog.ts';
import { ordersDefinition } from '../orders-definition.ts';

describe('check of the order system', () => {
  test('finds nothing wrong and returns the graph', () => {
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
});
