import type { ASTNode } from '@marcbachmann/cel-js';
import { serialize } from '@marcbachmann/cel-js';
import { nearestName } from '../core/problem.ts';
import { checkBind, checkHas, checkMacro, isMacro } from './check-macros.ts';
import type { Checker, Env, Range } from './context.ts';
import { operand, rangeOf } from './context.ts';
import type { FunctionDef } from './functions.ts';
import { functions, takesType, timeParts } from './functions.ts';
import type { Ir, Typed } from './ir.ts';
import { failed, typed } from './ir.ts';
import { parseCelDuration, parseTimestamp, zoneClock } from './time.ts';
import type { CelType } from './types.ts';
import { boolType, durationType, intType, isOpen, showType, timestampType } from './types.ts';

type Node<K extends ASTNode['op']> = Extract<ASTNode, { op: K }>;

const unsupported = new Map([
  ['uint', 'Avro has no unsigned integers'],
  ['dyn', 'expressions are typed throughout'],
  ['type', 'expressions are typed throughout'],
  ['bytes', 'bytes are only passed on'],
]);

/** `f(a, b)`. */
export function checkCall(checker: Checker, node: Node<'call'>, env: Env): Typed {
  const [name, args] = node.args;
  const range: Range = [node.start, node.start + name.length];
  if (name === 'has' && args.length === 1) return checkHas(checker, args[0] as ASTNode, env);
  const reason = unsupported.get(name);
  if (reason !== undefined) {
    checker.problem('E034', range, `${name}() is not supported: ${reason}`);
    return failed;
  }
  const constant = checkConstant(checker, node);
  if (constant !== undefined) return constant;
  const values = args.map((arg) => operand(checker, arg, env));
  const named = functions.filter((def) => def.name === name && def.on === undefined);
  if (named.length === 0) {
    const asMethod = functions.some((def) => def.name === name) || isMacro(name);
    unknown(checker, name, range, asMethod && args[0] ? `${serialize(args[0])}.${name}(…)` : '', [
      'has',
      ...functions.filter((def) => def.on === undefined).map((def) => def.name),
    ]);
    return failed;
  }
  return choose(checker, node, name, named, values);
}

/** `timestamp("…")` and `duration("…")` of a literal are constants, checked here. */
function checkConstant(checker: Checker, node: Node<'call'>): Typed | undefined {
  const [name, args] = node.args;
  const text = args.length === 1 && args[0]?.op === 'value' ? args[0].args : undefined;
  if (typeof text !== 'string' || (name !== 'timestamp' && name !== 'duration')) return undefined;
  const ms = name === 'timestamp' ? parseTimestamp(text) : parseCelDuration(text);
  if (ms === undefined) {
    const [what, example] =
      name === 'timestamp' ? ['time stamp', '2017-01-02T12:00:00Z'] : ['duration', '1h30m'];
    checker.problem('E030', rangeOf(args[0] as ASTNode), `"${text}" is no ${what}`, {
      suggestion: `write it like "${example}"`,
    });
  }
  const type = name === 'timestamp' ? timestampType : durationType;
  return typed(type, { op: 'const', value: ms });
}

/** `a.f(b)`. */
export function checkMethod(checker: Checker, node: Node<'rcall'>, env: Env): Typed {
  const [name, receiverNode, args] = node.args;
  if (name === 'bind' && receiverNode.op === 'id' && receiverNode.args === 'cel') {
    return checkBind(checker, args as [ASTNode, ASTNode, ASTNode], env);
  }
  if (isMacro(name)) return checkMacro(checker, node, env);
  const receiver = operand(checker, receiverNode, env);
  const range = nameRange(node);
  if (receiver.type.kind === 'timestamp' && Object.hasOwn(timeParts, name)) {
    return timePart(checker, node, receiver);
  }
  if (receiver.type.kind === 'string' && name === 'matches') {
    return matches(checker, node, receiver, env);
  }
  const values = args.map((arg) => operand(checker, arg, env));
  if (isOpen(receiver.type)) return failed;
  const named = functions.filter(
    (def) => def.name === name && def.on !== undefined && takesType(def.on, receiver.type),
  );
  if (named.length === 0) {
    const asFunction = functions.some((def) => def.name === name && def.on === undefined);
    const methods = functions.filter((def) => def.on && takesType(def.on, receiver.type));
    const suggestion = asFunction ? `${name}(${serialize(receiverNode)})` : '';
    unknown(
      checker,
      name,
      range,
      suggestion,
      [
        ...methods.map((def) => def.name),
        ...(receiver.type.kind === 'timestamp' ? Object.keys(timeParts) : []),
        ...(receiver.type.kind === 'string' ? ['matches'] : []),
      ],
      receiver.type,
    );
    return failed;
  }
  return choose(checker, node, name, named, values, receiver);
}

/**
 * The range of a method's name: it stands after the receiver's dot, and the parser does not keep
 * its place.
 */
function nameRange(node: Node<'rcall'>): Range {
  const [name, receiver] = node.args;
  const start = node.input.indexOf(name, node.input.indexOf('.', receiver.end));
  return [start, start + name.length];
}

function unknown(
  checker: Checker,
  name: string,
  range: Range,
  suggestion: string,
  candidates: readonly string[],
  on?: CelType,
): void {
  const near = nearestName(name, candidates);
  const owner = on === undefined ? 'function' : 'method';
  const of = on === undefined ? '' : ` of ${showType(on)}`;
  const detail =
    suggestion !== ''
      ? { suggestion: `write ${suggestion}` }
      : near === undefined
        ? {}
        : { suggestion: `did you mean "${near}"?` };
  checker.problem('E029', range, `there is no ${owner} ${name}${of}`, detail);
}

/** The overload that takes the arguments. */
function choose(
  checker: Checker,
  node: ASTNode,
  name: string,
  overloads: readonly FunctionDef[],
  args: readonly Typed[],
  receiver?: Typed,
): Typed {
  if (args.some((arg) => arg.type.kind === 'error')) return failed;
  const found = overloads.find(
    (def) =>
      def.takes.length === args.length &&
      def.takes.every((kind, i) => takesType(kind, (args[i] as Typed).type)),
  );
  if (found === undefined) {
    const given = args.map((arg) => showType(arg.type)).join(', ');
    const takes = overloads.map((def) => `${name}(${def.takes.join(', ')})`);
    checker.problem('E029', rangeOf(node), `${name} does not take (${given})`, {
      notes: [{ message: `there is ${takes.join(', ')}` }],
    });
    return failed;
  }
  const all = receiver === undefined ? args : [receiver, ...args];
  const type = found.gives === 'argument' ? (all[0] as Typed).type : found.gives;
  const codes = all.map(inMs);
  if (found.helper === 'same') return typed(type, codes[0] as Ir);
  return typed(type, { op: 'call', helper: found.helper, args: codes });
}

/** Helpers about time take ms. */
function inMs({ type, ir }: Typed): Ir {
  const inUs = type.kind === 'timestamp' && type.unit === 'us';
  return inUs ? { op: 'call', helper: 'usToMs', args: [ir] } : ir;
}

function timePart(checker: Checker, node: Node<'rcall'>, receiver: Typed): Typed {
  const [name, , args] = node.args;
  const [zoneNode] = args;
  const ms = inMs(receiver);
  let date: Ir = { op: 'call', helper: 'utc', args: [ms] };
  if (zoneNode !== undefined) {
    const zone = zoneNode.op === 'value' ? zoneNode.args : undefined;
    const clock = typeof zone === 'string' ? zoneClock(zone) : undefined;
    if (clock === undefined) {
      const what = typeof zone === 'string' ? `"${zone}" is no time zone` : 'a zone is a literal';
      checker.problem('E030', rangeOf(zoneNode), `${name}: ${what}`, {
        suggestion: 'write it like "Europe/Berlin" or "+02:00"',
      });
      return typed(intType, failed.ir);
    }
    date = { op: 'call', helper: 'inZone', args: [ms, { op: 'const', value: clock }] };
  }
  if (args.length > 1) {
    checker.problem('E029', rangeOf(node), `${name} takes at most a time zone`);
  }
  const helper = timeParts[name] as NonNullable<(typeof timeParts)[string]>;
  return typed(intType, { op: 'call', helper, args: [date] });
}

/**
 * `a.matches(pattern)`: the pattern is a literal, so that it is compiled once and its mistakes are
 * found here.
 */
function matches(checker: Checker, node: Node<'rcall'>, receiver: Typed, env: Env): Typed {
  const args = node.args[2];
  const [patternNode] = args;
  const text = patternNode?.op === 'value' ? patternNode.args : undefined;
  if (args.length !== 1 || patternNode === undefined) {
    checker.problem('E029', rangeOf(node), 'matches takes one pattern');
    return typed(boolType, failed.ir);
  }
  if (typeof text !== 'string') {
    operand(checker, patternNode, env);
    checker.problem('E030', rangeOf(patternNode), 'the pattern of matches must be a literal text');
    return typed(boolType, failed.ir);
  }
  try {
    const pattern = new RegExp(text);
    const ir: Ir = { op: 'const', value: pattern };
    return typed(boolType, { op: 'call', helper: 'matches', args: [receiver.ir, ir] });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    checker.problem('E030', rangeOf(patternNode), `the pattern does not compile: ${reason}`);
    return typed(boolType, failed.ir);
  }
}
