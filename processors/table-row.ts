import { IllegalStateError } from '../topology/core/errors.ts';
import type { Bindings } from '../topology/expression/expression.ts';
import type { StageNode } from '../topology/plan/plan.ts';
import type { StageEnvironment } from './environment.ts';
import { compileTest, compileValue, rowScopeOf } from './functions.ts';
import { inputType, outputType } from './ports.ts';

/**
 * The row of a derived table that a row of its parent becomes; null in, null out. Uses the bindings
 * it is given.
 */
export type RowFunction = (bindings: Bindings, key: unknown, value: unknown) => unknown;

/**
 * The row function of a table's `filter`, `filter-not` or `map-values`: used for changes, and for
 * reading a derived table that has no store.
 * @throws {IllegalStateError} PLAN_NOT_DERIVED for any other node
 */
export function compileRow(node: StageNode, environment: StageEnvironment): RowFunction {
  const { operator } = node;
  const position = {
    environment,
    scope: rowScopeOf(environment, inputType(node)),
    args: 'row',
  } as const;
  switch (operator.kind) {
    case 'filter':
    case 'filter-not': {
      const test = compileTest(operator.when, position);
      const keep = operator.kind === 'filter';
      return (bindings, key, value) => {
        if (value === null) return null;
        bindings.key = key;
        bindings.value = value;
        return test(bindings) === keep ? value : null;
      };
    }
    case 'map-values': {
      const map = compileValue(operator.value, { ...position, expected: outputType(node).value });
      return (bindings, key, value) => {
        if (value === null) return null;
        bindings.key = key;
        bindings.value = value;
        return map(bindings);
      };
    }
    default:
      throw new IllegalStateError(
        'PLAN_NOT_DERIVED',
        `node "${node.name}" (${operator.kind}) has no store, and its rows cannot be derived from its parent's`,
      );
  }
}
