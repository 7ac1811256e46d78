import type { ASTNode } from '@marcbachmann/cel-js';
import { serialize } from '@marcbachmann/cel-js';
import { noField } from './check-names.ts';
import type { Checker, Env, Range } from './context.ts';
import { condition, knowing, operand, rangeOf } from './context.ts';
import type { LoopIr, Typed } from './ir.ts';
import { failed, typed } from './ir.ts';
import type { CelType } from './types.ts';
import {
  boolType,
  fromAvro,
  isOpen,
  nonNull,
  showType,
  stringType,
  withoutLiteral,
} from './types.ts';

type MethodNode = Extract<ASTNode, { op: 'rcall' }>;

const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** True for the names of macros over lists. */
export function isMacro(name: string): name is LoopIr['macro'] {
  return macros.has(name);
}

/** `has(a.b)`: the field is not null, the map has the key, the record has the header. */
export function checkHas(checker: Checker, node: ASTNode, env: Env): Typed {
  if (node.op !== '.') {
    checker.problem('E029', rangeOf(node), 'has() takes a field: has(value.name)');
    return typed(boolType, failed.ir);
  }
  const [ofNode, name] = node.args;
  const of = operand(checker, ofNode, env);
  const range: Range = [node.pos, node.end];
  const key = { op: 'const', value: name } as const;
  switch (of.type.kind) {
    case 'map':
      return typed(boolType, { op: 'call', helper: 'hasKey', args: [of.ir, key] });
    case 'headers':
      return typed(boolType, { op: 'call', helper: 'hasHeader', args: [of.ir, key] });
    case 'record': {
      const field = of.type.record.fields.find((field) => field.name === name);
      if (field === undefined) {
        noField(checker, of.type.record, name, range);
        return typed(boolType, failed.ir);
      }
      const { kind } = fromAvro(field.type);
      if (kind !== 'optional' && kind !== 'opaque') {
        checker.problem('W020', range, `always true: ${serialize(node)} is never null`, {
          severity: 'warning',
        });
      }
      const left = { op: 'field', of: of.ir, name } as const;
      const right = { op: 'const', value: null } as const;
      const result = typed(boolType, { op: 'infix', sign: '!=', left, right });
      return of.path === undefined
        ? result
        : { ...result, whenTrue: new Set([`${of.path}.${name}`]) };
    }
    default:
      if (!isOpen(of.type)) {
        checker.problem('E023', range, `${showType(of.type)} has no fields`);
      }
      return typed(boolType, failed.ir);
  }
}

/** `cel.bind(name, value, body)`. */
export function checkBind(
  checker: Checker,
  [nameNode, ofNode, bodyNode]: readonly [ASTNode, ASTNode, ASTNode],
  env: Env,
): Typed {
  const of = checker.check(ofNode, env);
  const slot = checker.slot();
  const body = checker.check(bodyNode, withLocal(env, nameNode, slot, withoutLiteral(of.type)));
  return typed(body.type, { op: 'bind', slot, of: of.ir, body: body.ir });
}

function withLocal(env: Env, nameNode: ASTNode, slot: number, type: CelType): Env {
  // The parser takes nothing but a name here.
  const name = (nameNode as Extract<ASTNode, { op: 'id' }>).args;
  return { locals: new Map(env.locals).set(name, { slot, type }), known: env.known };
}

/** `list.all(x, …)` and the other macros; over a map they go through its keys. */
export function checkMacro(checker: Checker, node: MethodNode, env: Env): Typed {
  const [name, overNode, args] = node.args;
  const macro = name as LoopIr['macro'];
  const over = operand(checker, overNode, env);
  const arity = args.length === 2 || (macro === 'map' && args.length === 3);
  if (!arity || args[0]?.op !== 'id') {
    checker.problem('E029', rangeOf(node), `${macro} takes a name and an expression over it`, {
      suggestion: `write ${serialize(overNode)}.${macro}(x, …)`,
    });
    return failed;
  }
  const items = itemType(checker, over, overNode);
  const slot = checker.slot();
  const inner = withLocal(env, args[0], slot, items);
  const whereNode = args.length === 3 ? args[1] : undefined;
  const bodyNode = args.at(-1) as ASTNode;
  const where = whereNode && condition(checker, whereNode, inner, 'the condition of map');
  const bodyEnv = where === undefined ? inner : knowing(inner, where.whenTrue);
  const body =
    macro === 'map'
      ? checker.check(bodyNode, bodyEnv)
      : condition(checker, bodyNode, bodyEnv, `the condition of ${macro}`);
  const keys = over.type.kind === 'map';
  const ir: LoopIr = {
    op: 'loop',
    macro,
    over: keys ? { op: 'call', helper: 'keys', args: [over.ir] } : over.ir,
    slot,
    body: body.ir,
    ...(where === undefined ? {} : { where: where.ir }),
  };
  if (macro === 'map') return typed({ kind: 'list', items: withoutLiteral(body.type) }, ir);
  if (macro !== 'filter') return typed(boolType, ir);
  const kept = body.whenTrue.has(`#${slot}`) ? nonNull(items) : items;
  return typed({ kind: 'list', items: kept }, ir);
}

function itemType(checker: Checker, over: Typed, node: ASTNode): CelType {
  if (over.type.kind === 'list') return over.type.items;
  if (over.type.kind === 'map') return stringType;
  if (!isOpen(over.type)) {
    const message = `${showType(over.type)} is no list or map to go through`;
    checker.problem('E023', rangeOf(node), message);
  }
  return { kind: 'error' };
}
