import type { ASTNode } from '@marcbachmann/cel-js';
import { serialize } from '@marcbachmann/cel-js';
import type { ExpressionCode } from './codes.ts';
import type { ExpressionProblem, ExpressionScope } from './expression.ts';
import type { Ir, Typed } from './ir.ts';
import { typed } from './ir.ts';
import type { CelType } from './types.ts';
import { errorType, isOpen, showType } from './types.ts';

/** What is known at a place inside an expression. */
export interface Env {
  /** Variables of macros. */
  readonly locals: ReadonlyMap<string, { readonly slot: number; readonly type: CelType }>;
  /** Paths that were tested not to be null on the way here. */
  readonly known: ReadonlySet<string>;
}

export type Range = readonly [start: number, end: number];

/** What a problem may add to code, place and message. */
export type ProblemDetail = Partial<Pick<ExpressionProblem, 'suggestion' | 'notes' | 'severity'>>;

/**
 * Shared by all parts of the checker: the scope, the problems found, and the way back to the
 * dispatcher.
 */
export interface Checker {
  readonly scope: ExpressionScope;
  /**
   * Checks a node of any kind. `hint`: the type that its surroundings ask for; only bare enum
   * symbols depend on it.
   */
  check(node: ASTNode, env: Env, hint?: CelType): Typed;
  problem(code: ExpressionCode, range: Range, message: string, detail?: ProblemDetail): void;
  /** A number for a macro's variable, unique in the expression. */
  slot(): number;
}

/** The range of a whole node. */
export function rangeOf(node: ASTNode): Range {
  return [node.start, node.end];
}

/** The text of a node, as a constant for messages at run time. */
export function textOf(node: ASTNode): Ir {
  return { op: 'const', value: serialize(node) };
}

/** The environment after a test: more paths are known not to be null. */
export function knowing(env: Env, paths: ReadonlySet<string>): Env {
  return paths.size === 0 ? env : { locals: env.locals, known: new Set([...env.known, ...paths]) };
}

/** A node whose value is used: null, and what only `use:` can handle, are problems. */
export function operand(checker: Checker, node: ASTNode, env: Env, hint?: CelType): Typed {
  const result = checker.check(node, env, hint);
  const { type } = result;
  if (type.kind === 'optional') {
    const text = serialize(node);
    checker.problem('E024', rangeOf(node), `${text} may be null`, {
      suggestion:
        result.path === undefined ? 'test it for null first' : `guard it: ${text} != null && …`,
    });
    return typed(type.of, result.ir, result.path);
  }
  return type.kind === 'opaque' ? unusable(checker, node, type) : result;
}

/** Reports a value that expressions can only pass on. */
export function unusable(checker: Checker, node: ASTNode, type: CelType): Typed {
  const what = type.kind === 'opaque' ? opaqueName(type) : 'bytes';
  checker.problem(
    'E025',
    rangeOf(node),
    `${serialize(node)} is ${what}: expressions only pass it on`,
    {
      suggestion: 'compute with it in a function (use:)',
    },
  );
  return typed(errorType, { op: 'const', value: undefined });
}

function opaqueName(type: Extract<CelType, { kind: 'opaque' }>): string {
  if (type.avro.kind === 'union') return 'a union of several types';
  return type.avro.kind === 'fixed' ? 'fixed bytes' : 'a decimal';
}

/** Reports a node that is not the boolean that its place asks for; returns its code. */
export function condition(checker: Checker, node: ASTNode, env: Env, what: string): Typed {
  const result = operand(checker, node, env);
  if (result.type.kind !== 'bool' && !isOpen(result.type)) {
    checker.problem(
      'E023',
      rangeOf(node),
      `${what} must be a boolean, not ${showType(result.type)}`,
    );
  }
  return result;
}
