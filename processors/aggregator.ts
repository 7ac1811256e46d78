import type { AvroType } from '../topology/core/avro.ts';
import type { OperatorDef } from '../topology/definition/definition.ts';
import type { Bindings } from '../topology/expression/expression.ts';
import type { StageNode } from '../topology/plan/plan.ts';
import type { StageEnvironment } from './environment.ts';
import { compileValue, type Evaluate, scopeOf, type Position } from './functions.ts';
import { inputType, outputType } from './ports.ts';

/** An aggregation, whatever its input: over `key`, `value` and `aggregate` of the bindings. */
export interface Aggregator {
  /** The aggregate of no values; undefined: the first value is the first aggregate (`reduce`). */
  readonly init: Evaluate | undefined;
  readonly add: Evaluate;
  /** Takes `value` out again; undefined where there is no subtractor. */
  readonly subtract: Evaluate | undefined;
}

type AggregateDef = Extract<OperatorDef, { readonly kind: 'count' | 'reduce' | 'aggregate' }>;

const counter: Aggregator = {
  init: () => 0,
  add: (bindings: Bindings) => (bindings.aggregate as number) + 1,
  subtract: (bindings: Bindings) => (bindings.aggregate as number) - 1,
};

/**
 * Compiles the functions of `count`, `reduce` or `aggregate`.
 * @throws {IllegalStateError} PLAN_NO_SUBTRACTOR over a table without `subtract`: the checker lets
 * none pass
 */
export function compileAggregator(
  node: StageNode,
  operator: AggregateDef,
  environment: StageEnvironment,
): Aggregator {
  if (operator.kind === 'count') return counter;
  const input = inputType(node);
  const aggregate: AvroType = outputType(node).value;
  const position: Position = {
    environment,
    scope: scopeOf(environment, input, { aggregate }),
    expected: aggregate,
    args: 'aggregate',
  };
  return {
    init: operator.kind === 'reduce' ? undefined : compileInit(node, operator.init, environment),
    add: compileValue(operator.add, position),
    subtract: operator.subtract && compileValue(operator.subtract, position),
  };
}

function compileInit(
  node: StageNode,
  init: Extract<AggregateDef, { readonly kind: 'aggregate' }>['init'],
  environment: StageEnvironment,
): Evaluate {
  const scope = {
    catalog: environment.catalog,
    variables: { key: inputType(node).key },
    metadata: true,
  };
  return compileValue(init, { environment, scope, expected: outputType(node).value, args: 'init' });
}
