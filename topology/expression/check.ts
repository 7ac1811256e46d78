import type { ASTNode } from '@marcbachmann/cel-js';
import { checkCall, checkMethod } from './check-calls.ts';
import { checkField, checkIndex, checkName } from './check-names.ts';
import {
  checkArithmetic,
  checkComparison,
  checkEquality,
  checkIn,
  checkMinus,
} from './check-operators.ts';
import type { Checker, Env } from './context.ts';
import { condition, knowing, operand, rangeOf } from './context.ts';
import type { ExpressionProblem, ExpressionScope } from './expression.ts';
import type { Typed } from './ir.ts';
import { failed, typed } from './ir.ts';
import type { CelType } from './types.ts';
import { boolType, isOpen, nullType, showType, stringType, unify } from './types.ts';

/** A checked expression and everything that is wrong with it. */
export interface Checked {
  readonly result: Typed;
  readonly problems: readonly ExpressionProblem[];
}

/**
 * Types an expression against a scope and finds all its problems. `hint` is the type that is asked
 * for: bare enum symbols mean it.
 */
export function checkExpression(root: ASTNode, scope: ExpressionScope, hint?: CelType): Checked {
  const problems: ExpressionProblem[] = [];
  let slots = 0;
  const checker: Checker = {
    scope,
    check: (node, env, hint) => dispatch(checker, node, env, hint),
    problem: (code, range, message, detail) =>
      problems.push({ code, range, message, severity: 'error', ...detail }),
    slot: () => slots++,
  };
  const result = checker.check(root, { locals: new Map(), known: new Set() }, hint);
  return { result, problems };
}

function dispatch(checker: Checker, node: ASTNode, env: Env, hint?: CelType): Typed {
  switch (node.op) {
    case 'value':
      return checkLiteral(checker, node);
    case 'id':
      return checkName(checker, node, env, hint);
    case '.':
      return checkField(checker, node, env);
    case '[]':
      return checkIndex(checker, node, env);
    case 'call':
      return checkCall(checker, node, env);
    case 'rcall':
      return checkMethod(checker, node, env);
    case 'list':
      return checkList(checker, node, env, hint);
    case 'map':
      return checkMap(checker, node, env, hint);
    case '?:':
      return checkConditional(checker, node, env, hint);
    case '&&':
    case '||':
      return checkLogic(checker, node, env);
    case '!_': {
      const of = condition(checker, node.args, env, 'the operand of !');
      return {
        type: boolType,
        ir: { op: 'not', of: of.ir },
        whenTrue: of.whenFalse,
        whenFalse: of.whenTrue,
      };
    }
    case '-_':
      return checkMinus(checker, node, env);
    case '==':
    case '!=':
      return checkEquality(checker, node, env);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return checkComparison(checker, node, env);
    case 'in':
      return checkIn(checker, node, env);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return checkArithmetic(checker, node, env);
  }
  checker.problem('E034', rangeOf(node), 'optional access (.? and [?]) is not supported', {
    suggestion: 'test for null: a != null ? a.b : …',
  });
  return failed;
}

function checkLiteral(checker: Checker, node: Extract<ASTNode, { op: 'value' }>): Typed {
  const value = node.args;
  if (value === null) return typed(nullType, { op: 'const', value });
  switch (typeof value) {
    case 'boolean':
      return typed(boolType, { op: 'const', value });
    case 'string':
      return typed(stringType, { op: 'const', value });
    case 'number':
      return typed({ kind: 'double', width: 'double', literal: value }, { op: 'const', value });
    case 'bigint': {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) {
        checker.problem(
          'E030',
          rangeOf(node),
          `${value} is beyond the safe range of integers (±${Number.MAX_SAFE_INTEGER})`,
        );
        return failed;
      }
      const width = Math.abs(number) < 2 ** 31 ? 'int' : 'long';
      return typed({ kind: 'int', width, literal: number }, { op: 'const', value: number });
    }
    default:
      if (value instanceof Uint8Array) {
        return typed({ kind: 'bytes' }, { op: 'const', value: Buffer.from(value) });
      }
      checker.problem('E034', rangeOf(node), 'Avro has no unsigned integers', {
        suggestion: 'write the number without u',
      });
      return failed;
  }
}

function checkList(
  checker: Checker,
  node: Extract<ASTNode, { op: 'list' }>,
  env: Env,
  hint: CelType | undefined,
): Typed {
  const itemHint = hint?.kind === 'list' ? hint.items : undefined;
  const items = node.args.map((item) => checker.check(item, env, itemHint));
  const type = common(checker, node.args, items, 'the items of a list');
  return typed({ kind: 'list', items: type }, { op: 'list', items: items.map(({ ir }) => ir) });
}

function checkMap(
  checker: Checker,
  node: Extract<ASTNode, { op: 'map' }>,
  env: Env,
  hint: CelType | undefined,
): Typed {
  const valueHint = hint?.kind === 'map' ? hint.values : undefined;
  const keys = node.args.map(([key]) => {
    const checked = operand(checker, key, env);
    if (checked.type.kind !== 'string' && !isOpen(checked.type)) {
      const message = `keys of maps are strings, not ${showType(checked.type)}`;
      checker.problem('E034', rangeOf(key), message);
    }
    return checked;
  });
  const nodes = node.args.map(([, value]) => value);
  const values = nodes.map((value) => checker.check(value, env, valueHint));
  const type = common(checker, nodes, values, 'the values of a map');
  const entries = keys.map((key, i) => [key.ir, (values[i] as Typed).ir] as const);
  return typed({ kind: 'map', values: type }, { op: 'object', entries });
}

function common(
  checker: Checker,
  nodes: readonly ASTNode[],
  items: readonly Typed[],
  what: string,
): CelType {
  let type: CelType = { kind: 'never' };
  items.forEach((item, i) => {
    const both = unify(type, item.type);
    if (both === undefined) {
      const message = `${what} are of one type: ${showType(item.type)} after ${showType(type)}`;
      checker.problem('E023', rangeOf(nodes[i] as ASTNode), message);
    } else type = both;
  });
  return type;
}

function checkConditional(
  checker: Checker,
  node: Extract<ASTNode, { op: '?:' }>,
  env: Env,
  hint: CelType | undefined,
): Typed {
  const [testNode, thenNode, otherwiseNode] = node.args;
  const test = condition(checker, testNode, env, 'the condition of ?:');
  const then = checker.check(thenNode, knowing(env, test.whenTrue), hint);
  const otherwise = checker.check(otherwiseNode, knowing(env, test.whenFalse), hint);
  const type = unify(then.type, otherwise.type);
  if (type === undefined) {
    const types = `${showType(then.type)} and ${showType(otherwise.type)}`;
    checker.problem('E023', rangeOf(node), `the two sides of ?: differ: ${types}`);
    return failed;
  }
  return typed(type, { op: 'if', test: test.ir, yes: then.ir, no: otherwise.ir });
}

/** `&&` and `||` go left to right: the right side knows what the left one tested. */
function checkLogic(
  checker: Checker,
  node: Extract<ASTNode, { op: '&&' | '||' }>,
  env: Env,
): Typed {
  const and = node.op === '&&';
  const what = `each side of ${node.op}`;
  const left = condition(checker, node.args[0], env, what);
  const after = knowing(env, and ? left.whenTrue : left.whenFalse);
  const right = condition(checker, node.args[1], after, what);
  const ir = { op: 'infix', sign: node.op, left: left.ir, right: right.ir } as const;
  return {
    type: boolType,
    ir,
    whenTrue: (and ? union : intersection)(left.whenTrue, right.whenTrue),
    whenFalse: (and ? intersection : union)(left.whenFalse, right.whenFalse),
  };
}

function union(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a, ...b]);
}

function intersection(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a].filter((path) => b.has(path)));
}
