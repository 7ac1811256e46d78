import type { ASTNode } from '@marcbachmann/cel-js';
import { serialize } from '@marcbachmann/cel-js';
import { isVariable } from './check-names.ts';
import type { Checker, Env, ProblemDetail } from './context.ts';
import { operand, rangeOf, textOf, unusable } from './context.ts';
import type { HelperName } from './helpers.ts';
import type { InfixSign, Ir, Typed } from './ir.ts';
import { failed, typed } from './ir.ts';
import type { CelType } from './types.ts';
import {
  boolType,
  doubleType,
  durationType,
  isOpen,
  longType,
  nonNull,
  showType,
  stringType,
  unify,
} from './types.ts';

type Node<K extends ASTNode['op']> = Extract<ASTNode, { op: K }>;
type ArithmeticNode = Node<'+' | '-' | '*' | '/' | '%'>;

const intHelpers: Readonly<Record<ArithmeticNode['op'], HelperName>> = {
  '+': 'addInt',
  '-': 'subtractInt',
  '*': 'multiplyInt',
  '/': 'divideInt',
  '%': 'moduloInt',
};

function call(helper: HelperName, ...args: Ir[]): Ir {
  return { op: 'call', helper, args };
}

function infix(sign: InfixSign, left: Ir, right: Ir): Ir {
  return { op: 'infix', sign, left, right };
}

/** `-a` of a number. */
export function checkMinus(checker: Checker, node: Node<'-_'>, env: Env): Typed {
  const of = operand(checker, node.args, env);
  const { type } = of;
  if ((type.kind === 'int' || type.kind === 'double') && type.literal !== undefined) {
    // Integers have no −0, doubles have.
    const value = type.kind === 'int' ? 0 - type.literal : -type.literal;
    return typed({ ...type, literal: value }, { op: 'const', value });
  }
  if (type.kind === 'int') return typed(longType, call('negateInt', of.ir));
  if (type.kind === 'double') return typed(doubleType, { op: 'minus', of: of.ir });
  if (isOpen(type)) return failed;
  checker.problem('E023', rangeOf(node), `no operator - for ${showType(type)}`);
  return failed;
}

/** `+ - * / %`. */
export function checkArithmetic(checker: Checker, node: ArithmeticNode, env: Env): Typed {
  const [leftNode, rightNode] = node.args;
  const left = operand(checker, leftNode, env);
  const right = operand(checker, rightNode, env);
  const a = left.type;
  const b = right.type;
  if (isOpen(a) || isOpen(b)) return failed;
  if (a.kind === 'bytes') return unusable(checker, leftNode, a);
  if (b.kind === 'bytes') return unusable(checker, rightNode, b);
  if (a.kind === 'int' && b.kind === 'int') return integers(node, left, right);
  if (isDouble(a, b) && node.op !== '%')
    return typed(doubleType, infix(node.op, left.ir, right.ir));
  const other = node.op === '+' || node.op === '-' ? addition(node.op, left, right) : undefined;
  if (other !== undefined) return other;
  const message = `no operator ${node.op} for ${showType(a)} and ${showType(b)}`;
  checker.problem('E023', rangeOf(node), message, remedy(node, a, b));
  return failed;
}

/** Two doubles, or one and an integer literal, which widens. */
function isDouble(a: CelType, b: CelType): boolean {
  if (a.kind === 'double')
    return b.kind === 'double' || (b.kind === 'int' && b.literal !== undefined);
  return b.kind === 'double' && a.kind === 'int' && a.literal !== undefined;
}

function integers(node: ArithmeticNode, left: Typed, right: Typed): Typed {
  const folded = fold(node.op, left.type, right.type);
  if (folded !== undefined) {
    return typed(
      { kind: 'int', width: Math.abs(folded) < 2 ** 31 ? 'int' : 'long', literal: folded },
      { op: 'const', value: folded },
    );
  }
  return typed(longType, call(intHelpers[node.op], left.ir, right.ir, textOf(node)));
}

function fold(sign: ArithmeticNode['op'], a: CelType, b: CelType): number | undefined {
  if (a.kind !== 'int' || b.kind !== 'int') return undefined;
  if (a.literal === undefined || b.literal === undefined) return undefined;
  const value = {
    '+': a.literal + b.literal,
    '-': a.literal - b.literal,
    '*': a.literal * b.literal,
  }[sign as '+' | '-' | '*'];
  return value !== undefined && Number.isSafeInteger(value) ? value + 0 : undefined;
}

/** `+` and `-` of what is no number; undefined where there is no such operator. */
function addition(sign: '+' | '-', left: Typed, right: Typed): Typed | undefined {
  const a = left.type;
  const b = right.type;
  if (a.kind === 'string' && b.kind === 'string' && sign === '+') {
    return typed(stringType, infix('+', left.ir, right.ir));
  }
  if (a.kind === 'list' && b.kind === 'list' && sign === '+') {
    const type = unify(a, b);
    return type && typed(type, call('concat', left.ir, right.ir));
  }
  if (a.kind === 'duration' && b.kind === 'duration') {
    return typed(durationType, infix(sign, left.ir, right.ir));
  }
  if (a.kind === 'duration' && b.kind === 'timestamp' && sign === '+') {
    return typed(b, call(b.unit === 'ms' ? 'addTime' : 'addTimeUs', right.ir, left.ir));
  }
  if (a.kind === 'timestamp' && b.kind === 'duration') {
    const helper = sign === '+' ? 'addTime' : 'subtractTime';
    return typed(a, call(a.unit === 'ms' ? helper : `${helper}Us`, left.ir, right.ir));
  }
  if (a.kind === 'timestamp' && b.kind === 'timestamp' && sign === '-') {
    const [x, y] = sameUnit(left, right);
    const difference = infix('-', x, y);
    const inUs = a.unit === 'us' || b.unit === 'us';
    return typed(
      durationType,
      inUs ? infix('/', difference, { op: 'const', value: 1000 }) : difference,
    );
  }
  return undefined;
}

function remedy(node: ArithmeticNode, a: CelType, b: CelType): ProblemDetail {
  const [leftNode, rightNode] = node.args;
  if (a.kind === 'int' && b.kind === 'double') {
    return { suggestion: `write double(${serialize(leftNode)})` };
  }
  if (a.kind === 'double' && b.kind === 'int') {
    return { suggestion: `write double(${serialize(rightNode)})` };
  }
  if (node.op !== '+') return {};
  const hasText = (type: CelType): boolean =>
    ['int', 'double', 'bool', 'enum', 'timestamp', 'duration'].includes(type.kind);
  if (a.kind === 'string' && hasText(b)) {
    return { suggestion: `write string(${serialize(rightNode)})` };
  }
  if (b.kind === 'string' && hasText(a)) {
    return { suggestion: `write string(${serialize(leftNode)})` };
  }
  return {};
}

/** Two time stamps as numbers of one unit: microseconds where one of them has them. */
function sameUnit(left: Typed, right: Typed): readonly [Ir, Ir] {
  const us = (type: CelType): boolean => {
    const inner = nonNull(type);
    return inner.kind === 'timestamp' && inner.unit === 'us';
  };
  if (us(left.type) === us(right.type)) return [left.ir, right.ir];
  return us(left.type)
    ? [left.ir, call('msToUsOrNull', right.ir)]
    : [call('msToUsOrNull', left.ir), right.ir];
}

function isNumber(type: CelType): boolean {
  return type.kind === 'int' || type.kind === 'double';
}

const ordered = new Set(['string', 'bool', 'duration', 'timestamp']);

/** `< <= > >=`. */
export function checkComparison(
  checker: Checker,
  node: Node<'<' | '<=' | '>' | '>='>,
  env: Env,
): Typed {
  const [leftNode, rightNode] = node.args;
  const left = operand(checker, leftNode, env);
  const right = operand(checker, rightNode, env);
  const a = left.type;
  const b = right.type;
  if (isOpen(a) || isOpen(b)) return failed;
  if (a.kind === 'bytes') return unusable(checker, leftNode, a);
  if (b.kind === 'bytes') return unusable(checker, rightNode, b);
  if ((isNumber(a) && isNumber(b)) || (a.kind === b.kind && ordered.has(a.kind))) {
    const [x, y] = a.kind === 'timestamp' ? sameUnit(left, right) : [left.ir, right.ir];
    return typed(boolType, infix(node.op, x, y));
  }
  incomparable(checker, node, a, b);
  return failed;
}

function incomparable(
  checker: Checker,
  node: Node<'<' | '<=' | '>' | '>=' | '==' | '!=' | 'in'>,
  a: CelType,
  b: CelType,
): void {
  const message = `cannot compare ${showType(a)} with ${showType(b)} (${node.op})`;
  checker.problem('E023', rangeOf(node), message, enumRemedy(node, a, b));
}

function enumRemedy(
  node: Node<'==' | '!=' | '<' | '<=' | '>' | '>=' | 'in'>,
  a: CelType,
  b: CelType,
) {
  const pairs = [
    [a, node.args[0], node.args[1]],
    [b, node.args[1], node.args[0]],
  ] as const;
  for (const [type, enumNode, other] of pairs) {
    const inner = nonNull(type);
    if (inner.kind !== 'enum') continue;
    const text = other.op === 'value' ? other.args : undefined;
    if (typeof text === 'string' && inner.type.symbols.includes(text)) {
      return { suggestion: `write ${text} without quotes` };
    }
    if (nonNull(type === a ? b : a).kind === 'string') {
      return { suggestion: `write string(${serialize(enumNode)})` };
    }
  }
  return {};
}

/** A node that may be a bare enum symbol: its type must come from the other side. */
function leaning(checker: Checker, node: ASTNode, env: Env): boolean {
  if (node.op === 'id') return !isVariable(checker, env, node.args);
  if (node.op === 'list') return node.args.some((item) => leaning(checker, item, env));
  return node.op === '?:' && node.args.slice(1).some((side) => leaning(checker, side, env));
}

/** `==` and `!=`. Null is equal to null alone. */
export function checkEquality(checker: Checker, node: Node<'==' | '!='>, env: Env): Typed {
  const [leftNode, rightNode] = node.args;
  let left: Typed;
  let right: Typed;
  if (leaning(checker, leftNode, env)) {
    right = checker.check(rightNode, env);
    left = checker.check(leftNode, env, nonNull(right.type));
  } else {
    left = checker.check(leftNode, env);
    right = checker.check(rightNode, env, nonNull(left.type));
  }
  const a = left.type;
  const b = right.type;
  if (isOpen(a) || isOpen(b)) return typed(boolType, failed.ir);
  if (a.kind === 'null' || b.kind === 'null') return nullTest(checker, node, left, right);
  for (const [type, side] of [
    [a, leftNode],
    [b, rightNode],
  ] as const) {
    const inner = nonNull(type);
    if (inner.kind === 'bytes' || inner.kind === 'opaque') return unusable(checker, side, inner);
  }
  const ir = equality(left, right);
  if (ir === undefined) {
    incomparable(checker, node, a, b);
    return failed;
  }
  const equal = new Set<string>();
  if (left.path !== undefined && b.kind !== 'optional') equal.add(left.path);
  if (right.path !== undefined && a.kind !== 'optional') equal.add(right.path);
  const result = typed(boolType, node.op === '==' ? ir : { op: 'not', of: ir });
  return { ...result, [node.op === '==' ? 'whenTrue' : 'whenFalse']: equal };
}

function equality(left: Typed, right: Typed): Ir | undefined {
  const a = nonNull(left.type);
  const b = nonNull(right.type);
  const both = left.type.kind === 'optional' && right.type.kind === 'optional';
  const plain = (x: Ir, y: Ir): Ir => (both ? call('equal', x, y) : infix('===', x, y));
  if (isNumber(a) && isNumber(b)) return plain(left.ir, right.ir);
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return plain(...sameUnit(left, right));
  if (unify(a, b) === undefined) return undefined;
  const deep = a.kind === 'record' || a.kind === 'list' || a.kind === 'map';
  return deep ? call('equal', left.ir, right.ir) : plain(left.ir, right.ir);
}

function nullTest(checker: Checker, node: Node<'==' | '!='>, left: Typed, right: Typed): Typed {
  const [side, sideNode] = left.type.kind === 'null' ? [right, node.args[1]] : [left, node.args[0]];
  const { type } = side;
  if (type.kind !== 'optional' && type.kind !== 'opaque' && type.kind !== 'null') {
    const never = node.op === '==' ? 'false' : 'true';
    checker.problem(
      'W020',
      rangeOf(node),
      `always ${never}: ${serialize(sideNode)} is never null`,
      {
        severity: 'warning',
      },
    );
  }
  const ir = infix(node.op === '==' ? '==' : '!=', side.ir, { op: 'const', value: null });
  const paths = new Set(side.path === undefined ? [] : [side.path]);
  return { ...typed(boolType, ir), [node.op === '==' ? 'whenFalse' : 'whenTrue']: paths };
}

/** `a in b`: an item of a list, a key of a map, the name of a header. */
export function checkIn(checker: Checker, node: Node<'in'>, env: Env): Typed {
  const [itemNode, setNode] = node.args;
  let item: Typed;
  let set: Typed;
  if (leaning(checker, itemNode, env)) {
    set = operand(checker, setNode, env);
    item = checker.check(
      itemNode,
      env,
      set.type.kind === 'list' ? nonNull(set.type.items) : undefined,
    );
  } else {
    item = checker.check(itemNode, env);
    set = operand(checker, setNode, env, { kind: 'list', items: nonNull(item.type) });
  }
  const a = item.type;
  const b = set.type;
  if (isOpen(a) || isOpen(b)) return failed;
  if (b.kind === 'map' || b.kind === 'headers') {
    if (a.kind === 'string') {
      return typed(boolType, call(b.kind === 'map' ? 'hasKey' : 'hasHeader', set.ir, item.ir));
    }
    incomparable(checker, node, a, b);
    return failed;
  }
  if (b.kind !== 'list') {
    const fits = a.kind === 'string' && b.kind === 'string';
    checker.problem(
      'E023',
      rangeOf(node),
      `no operator in for ${showType(a)} and ${showType(b)}`,
      fits ? { suggestion: `write ${serialize(setNode)}.contains(${serialize(itemNode)})` } : {},
    );
    return failed;
  }
  if (nonNull(b.items).kind === 'bytes') return unusable(checker, itemNode, nonNull(b.items));
  if (nonNull(b.items).kind === 'opaque') return unusable(checker, itemNode, nonNull(b.items));
  if (unify(a, b.items) === undefined && !(isNumber(nonNull(a)) && isNumber(nonNull(b.items)))) {
    incomparable(checker, node, a, b.items);
    return failed;
  }
  const scalar = !['record', 'list', 'map', 'optional', 'null'].includes(a.kind);
  return typed(boolType, call(scalar ? 'contains' : 'containsEqual', set.ir, item.ir));
}
