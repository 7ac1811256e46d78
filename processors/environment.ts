import type { AvroType, SchemaCatalog } from '../topology/core/avro.ts';
import type {
  Bindings,
  CompiledExpression,
  ExpressionScope,
} from '../topology/expression/expression.ts';
import type { CallPlan, GlobalTable, PlanNode } from '../topology/plan/plan.ts';

/**
 * What stages are compiled from, beside their own node: expressions, the user's functions, and the
 * rest of the plan (a join reads a derived table through the functions of its nodes). Read once,
 * when stages are compiled; never per record.
 */
export interface StageEnvironment {
  readonly catalog: SchemaCatalog;
  /**
   * The compiled expression.
   * @throws {IllegalStateError} PLAN_EXPRESSION if it does not type-check: the plan was not made
   * from a checked graph
   */
  expression(text: string, scope: ExpressionScope, expected?: AvroType): CompiledExpression;
  /**
   * A projection onto the Avro record type named `as`: field → expression.
   * @throws {IllegalStateError} PLAN_EXPRESSION, PLAN_TYPE
   */
  projection(
    as: string,
    set: Readonly<Record<string, string>>,
    scope: ExpressionScope,
  ): { readonly run: (bindings: Bindings) => unknown };
  /**
   * What the processors folder (or the builder) exports under this kebab-case name; undefined if
   * nothing.
   */
  function(name: string): unknown;
  /** A node of the same plan. */
  node(name: string): PlanNode | undefined;
  globalTable(name: string): GlobalTable | undefined;
  call(name: string): CallPlan | undefined;
}
