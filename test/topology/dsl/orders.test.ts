import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseTopology } from '../../../topology/yaml/parse.ts';
import { orders } from './orders.ts';

test('the orders topology built in TypeScript equals the one in the file', () => {
  const file = new URL('../../../topology/orders/orders.yaml', import.meta.url);
  const parsed = parseTopology(readFileSync(file, 'utf8'), 'orders.yaml');
  expect(parsed.problems).toEqual([]);
  expect(orders.definition).toStrictEqual(parsed.definition);
});

test('the orders topology gives no function of its own', () => {
  expect([...orders.functions]).toEqual([]);
});
