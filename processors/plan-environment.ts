import type { AvroRecord, SchemaCatalog } from '../topology/core/avro.ts';
import { IllegalStateError } from '../topology/core/errors.ts';
import { compileExpression } from '../topology/expression/compile.ts';
import type { ExpressionProblem } from '../topology/expression/expression.ts';
import { compileProjection } from '../topology/expression/projection.ts';
import type { Plan, PlanNode } from '../topology/plan/plan.ts';
import type { StageEnvironment } from './environment.ts';

/**
 * The environment in which the stages of a plan are compiled. `functions` gives what the processors
 * folder (or the builder) exports under a kebab-case name.
 *
 * An expression that does not type-check is an `IllegalStateError` PLAN_EXPRESSION: a plan is made
 * from a checked graph.
 */
export function planEnvironment(
  plan: Plan,
  catalog: SchemaCatalog,
  functions: (name: string) => unknown,
): StageEnvironment {
  const nodes = new Map<string, PlanNode>(
    plan.subTopologies.flatMap(({ nodes }) => nodes.map((node) => [node.name, node] as const)),
  );
  const globals = new Map(plan.globalTables.map((table) => [table.name, table]));
  return {
    catalog,
    expression(text, scope, expected) {
      const result = compileExpression(text, scope, expected);
      if (result.ok) return result.expression;
      throw unchecked(text, result.problems);
    },
    projection(as, set, scope) {
      const result = compileProjection(recordType(catalog, as), set, scope);
      if (result.ok) return result;
      throw unchecked(`the projection onto ${as}`, result.problems);
    },
    function: functions,
    node: (name) => nodes.get(name),
    globalTable: (name) => globals.get(name),
    call: (name) => plan.calls.get(name),
  };
}

function recordType(catalog: SchemaCatalog, name: string): AvroRecord {
  const type = catalog.type(name);
  if (type?.kind === 'record') return type;
  throw new IllegalStateError('PLAN_TYPE', `"${name}" is no record type of the catalog`);
}

function unchecked(text: string, problems: readonly ExpressionProblem[]): IllegalStateError {
  const reasons = problems.map(({ message }) => message).join('; ');
  return new IllegalStateError(
    'PLAN_EXPRESSION',
    `an expression of the plan does not compile: ${text}: ${reasons}`,
  );
}
