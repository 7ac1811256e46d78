import type { AvroRecord, AvroType, SchemaCatalog } from '../core/avro.ts';
import { namePattern } from '../core/names.ts';
import type { EdgeType } from '../core/edge.ts';
import type { DefinitionPath, Problem, ProblemNote } from '../core/problem.ts';
import { nearestName } from '../core/problem.ts';
import type { Definition, ValueFn } from '../definition/definition.ts';
import { compileExpression } from '../expression/compile.ts';
import type { ExpressionProblem, ExpressionScope } from '../expression/expression.ts';
import { compileProjection } from '../expression/projection.ts';
import { asRecord, isPoison, poison, sameType, typeName } from './avro-types.ts';
import type { GraphCode } from './codes.ts';

/**
 * What all passes share: the inputs, and the list that findings are added to (the only thing here
 * that changes).
 */
export interface CheckContext {
  readonly definition: Definition;
  readonly catalog: SchemaCatalog;
  readonly problems: Problem[];
  /**
   * Names that a reference probably meant and missed. That nothing uses them is no news: their use
   * is what was misspelt.
   */
  readonly meant: Set<string>;
  /**
   * Expressions are over the rows of a table: `key` and `value` alone. They are evaluated for old
   * rows and when the table is read, too, so the record that brought a row is not in scope.
   */
  readonly rowsOnly?: boolean;
}

/** The context for what stands over the records of an edge, or over the rows of a table. */
export function edgeContext(context: CheckContext, type: EdgeType): CheckContext {
  return type.kind === 'table' ? { ...context, rowsOnly: true } : context;
}

/** Variables of an expression: name → type. */
export type Variables = Readonly<Record<string, AvroType>>;

/** Adds a finding. Codes that begin with W are warnings. */
export function report(
  context: CheckContext,
  code: GraphCode,
  path: DefinitionPath,
  message: string,
  more: Partial<Pick<Problem, 'on' | 'range' | 'suggestion' | 'notes'>> = {},
): void {
  const severity = code.startsWith('W') ? 'warning' : 'error';
  context.problems.push({ code, severity, message, path, ...more });
}

/** `{ suggestion }` for the nearest candidate, or nothing: spread into a finding. */
export function didYouMean(name: string, candidates: Iterable<string>): { suggestion?: string } {
  const near = nearestName(name, candidates);
  return near === undefined ? {} : { suggestion: `did you mean "${near}"?` };
}

/** `{ suggestion }` for the nearest declared name, which is remembered as meant. */
export function meant(
  context: CheckContext,
  name: string,
  candidates: Iterable<string>,
): { suggestion?: string } {
  const near = nearestName(name, candidates);
  if (near !== undefined) context.meant.add(near);
  return near === undefined ? {} : { suggestion: `did you mean "${near}"?` };
}

/** The named type, or poison after a finding. */
export function resolveType(context: CheckContext, name: string, path: DefinitionPath): AvroType {
  const type = context.catalog.type(name);
  if (type !== undefined) return type;
  const named = context.catalog.names();
  const ending = named.filter((full) => full.endsWith(`.${name}`));
  const suggestion =
    ending.length === 1
      ? { suggestion: `did you mean "${ending[0]}"?` }
      : didYouMean(name, [...named, ...primitives]);
  report(context, 'E052', path, `no Avro type "${name}"`, suggestion);
  return poison;
}

const primitives = ['string', 'long', 'int', 'boolean', 'double', 'float', 'bytes'];

/**
 * Type-checks an expression and gives the type of its result: poison where the expression is wrong
 * or a variable is poisoned (in which case nothing is reported).
 */
export function typeOf(
  context: CheckContext,
  text: string,
  path: DefinitionPath,
  variables: Variables,
  expected?: AvroType,
): AvroType {
  if (Object.values(variables).some(isPoison)) return poison;
  const goal = expected === undefined || isPoison(expected) ? undefined : expected;
  const scope: ExpressionScope = {
    catalog: context.catalog,
    variables,
    metadata: context.rowsOnly !== true,
  };
  const result = compileExpression(text, scope, goal);
  for (const problem of result.ok ? result.warnings : result.problems) {
    addExpressionProblem(context, problem, path);
  }
  if (!result.ok) return poison;
  const type = result.expression.type;
  if (type !== undefined) return goal ?? type;
  report(context, 'E061', path, 'the result of this expression has no Avro type');
  return poison;
}

/**
 * Type of what a value function makes; `unchanged` is the type where a `use:` does not say (the
 * input's).
 */
export function typeOfValue(
  context: CheckContext,
  fn: ValueFn,
  path: DefinitionPath,
  options: { variables: Variables; unchanged: AvroType; expected?: AvroType },
): AvroType {
  if ('expr' in fn) {
    return typeOf(context, fn.expr, [...path, 'expr'], options.variables, options.expected);
  }
  const { expected } = options;
  if ('use' in fn) {
    checkUse(context, fn.use, [...path, 'use']);
    const made =
      fn.as === undefined
        ? (expected ?? options.unchanged)
        : resolveType(context, fn.as, [...path, 'as']);
    return fits(context, made, expected, [...path, 'as']);
  }
  const type = resolveType(context, fn.as, [...path, 'as']);
  if (isPoison(type)) return poison;
  const record = asRecord(type);
  if (record === undefined) {
    const message = `a projection makes a record, but "${fn.as}" is ${typeName(type)}`;
    report(context, 'E082', [...path, 'as'], message);
    return poison;
  }
  checkProjection(context, record, fn.set, [...path, 'set'], options.variables);
  return fits(context, record, expected, [...path, 'as']);
}

/** Type-checks a projection, field by field. Poisoned variables make it silent. */
export function checkProjection(
  context: CheckContext,
  record: AvroRecord,
  set: Readonly<Record<string, string>>,
  path: DefinitionPath,
  variables: Variables,
): void {
  if (Object.values(variables).some(isPoison)) return;
  const scope: ExpressionScope = {
    catalog: context.catalog,
    variables,
    metadata: context.rowsOnly !== true,
  };
  const result = compileProjection(record, set, scope);
  for (const problem of result.ok ? result.warnings : result.problems) {
    switch (problem.on) {
      case 'expression':
        addExpressionProblem(context, problem, [...path, problem.field]);
        break;
      case 'name':
        addExpressionProblem(context, problem, [...path, problem.field], 'key');
        break;
      case 'projection':
        addExpressionProblem(context, problem, path, 'value');
    }
  }
}

/**
 * Reports a function name that no file can have. Whether the file is there is checked where files
 * can be read.
 */
export function checkUse(context: CheckContext, name: string, path: DefinitionPath): void {
  if (namePattern.test(name)) return;
  report(context, 'E057', path, `"${name}" is no function name: write it like "price-of"`, {
    notes: [{ message: 'the file price-of.ts exports priceOf' }],
  });
}

function fits(
  context: CheckContext,
  made: AvroType,
  expected: AvroType | undefined,
  path: DefinitionPath,
): AvroType {
  if (expected === undefined || sameType(made, expected)) return made;
  const message = `this makes ${typeName(made)}, but ${typeName(expected)} is needed here`;
  report(context, 'E061', path, message);
  return poison;
}

function addExpressionProblem(
  context: CheckContext,
  problem: ExpressionProblem,
  path: DefinitionPath,
  on?: 'key' | 'value',
): void {
  const notes = problem.notes?.map(({ message, type }): ProblemNote => {
    const at = type === undefined ? undefined : context.catalog.at(type.name, type.field);
    return at === undefined ? { message } : { message, at };
  });
  context.problems.push({
    code: problem.code,
    severity: problem.severity,
    message: problem.message,
    path,
    ...(on === undefined ? { range: problem.range } : { on }),
    ...(problem.suggestion === undefined ? {} : { suggestion: problem.suggestion }),
    ...(notes === undefined || notes.length === 0 ? {} : { notes }),
  });
}
