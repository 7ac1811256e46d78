import type { ASTNode } from '@marcbachmann/cel-js';
import { serialize } from '@marcbachmann/cel-js';
import type { AvroEnum, AvroRecord } from '../core/avro.ts';
import { nearestName } from '../core/problem.ts';
import type { Checker, Env, ProblemDetail, Range } from './context.ts';
import { operand, rangeOf, textOf, unusable } from './context.ts';
import type { Ir, Typed, VariableName } from './ir.ts';
import { failed, typed } from './ir.ts';
import type { CelType } from './types.ts';
import { fromAvro, intType, isOpen, longType, nonNull, showType, stringType } from './types.ts';
import { timestampType } from './types.ts';

const metadataTypes: Readonly<Record<'time' | 'topic' | 'partition' | 'offset', CelType>> = {
  time: timestampType,
  topic: stringType,
  partition: intType,
  offset: longType,
};

/** Names that an expression may begin with. */
function namesInScope(checker: Checker, env: Env): string[] {
  const { variables, metadata } = checker.scope;
  const extra = metadata ? ['record', 'headers'] : [];
  return [...env.locals.keys(), ...Object.keys(variables), ...extra];
}

/** True where the name is a variable here: it then never means an enum symbol or a type. */
export function isVariable(checker: Checker, env: Env, name: string): boolean {
  return namesInScope(checker, env).includes(name);
}

/** The type at a path: without null where that was tested before. */
function narrowed(type: CelType, path: string, env: Env): CelType {
  return env.known.has(path) ? nonNull(type) : type;
}

/** A name: a variable, or a bare symbol of the enum that is asked for. */
export function checkName(
  checker: Checker,
  node: Extract<ASTNode, { op: 'id' }>,
  env: Env,
  hint: CelType | undefined,
): Typed {
  const name = node.args;
  const local = env.locals.get(name);
  if (local !== undefined) {
    const path = `#${local.slot}`;
    return typed(narrowed(local.type, path, env), { op: 'local', slot: local.slot }, path);
  }
  const { variables, metadata, catalog } = checker.scope;
  if (Object.hasOwn(variables, name)) {
    const type = fromAvro(variables[name] as NonNullable<(typeof variables)[string]>);
    return typed(narrowed(type, name, env), { op: 'variable', name: name as VariableName }, name);
  }
  if (metadata && name === 'headers') return typed({ kind: 'headers' }, { op: 'headers' });
  if (metadata && name === 'record') {
    return typed({ kind: 'metadata' }, { op: 'const', value: undefined }, 'record');
  }
  const asked = hint && nonNull(hint);
  if (asked?.kind === 'enum') return symbol(checker, asked.type, name, rangeOf(node));
  const names = namesInScope(checker, env);
  const near = nearestName(name, names);
  const owner = catalog.names().find((type) => hasSymbol(checker, type, name));
  const detail: ProblemDetail =
    near !== undefined
      ? { suggestion: `did you mean "${near}"?` }
      : owner !== undefined
        ? { suggestion: `the symbol is written ${owner}.${name} here` }
        : {};
  checker.problem('E020', rangeOf(node), `unknown name "${name}"`, {
    ...detail,
    notes: [{ message: `in scope: ${names.join(', ')}` }],
  });
  return failed;
}

function hasSymbol(checker: Checker, typeName: string, symbol: string): boolean {
  const type = checker.scope.catalog.type(typeName);
  return type?.kind === 'enum' && type.symbols.includes(symbol);
}

function symbol(checker: Checker, type: AvroEnum, name: string, range: Range): Typed {
  if (type.symbols.includes(name)) {
    return typed({ kind: 'enum', type }, { op: 'const', value: name });
  }
  const near = nearestName(name, type.symbols);
  checker.problem('E026', range, `no symbol "${name}" in ${type.name}`, {
    ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
    notes: [{ message: `${type.name} has ${type.symbols.join(', ')}`, type: { name: type.name } }],
  });
  return failed;
}

/** `a.b.c` as text, where it is names all the way and `a` is no variable. */
function dottedName(checker: Checker, node: ASTNode, env: Env): string | undefined {
  if (node.op === 'id') return isVariable(checker, env, node.args) ? undefined : node.args;
  if (node.op !== '.') return undefined;
  const left = dottedName(checker, node.args[0], env);
  return left === undefined ? undefined : `${left}.${node.args[1]}`;
}

/** Reports a dotted name that is neither a variable's field nor a type. */
function unknownDotted(checker: Checker, node: ASTNode, dotted: string, env: Env): void {
  const types = checker.scope.catalog.names();
  const root = dotted.split('.', 1)[0] as string;
  const isType = types.some((name) => name.startsWith(`${root}.`));
  const near = isType ? nearestName(dotted, types) : nearestName(root, namesInScope(checker, env));
  const range: Range = isType ? rangeOf(node) : [node.start, node.start + root.length];
  checker.problem('E020', range, `unknown name "${isType ? dotted : root}"`, {
    ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
    notes: [{ message: `in scope: ${namesInScope(checker, env).join(', ')}` }],
  });
}

/** `a.b`: a field, an entry of a map, a header, or a symbol of a named enum. */
export function checkField(checker: Checker, node: Extract<ASTNode, { op: '.' }>, env: Env): Typed {
  const [leftNode, name] = node.args;
  const range: Range = [node.pos, node.end];
  const dotted = dottedName(checker, leftNode, env);
  if (dotted !== undefined) {
    const type = checker.scope.catalog.type(dotted);
    if (type?.kind === 'enum') return symbol(checker, type, name, range);
    unknownDotted(checker, leftNode, dotted, env);
    return failed;
  }
  const left = operand(checker, leftNode, env);
  switch (left.type.kind) {
    case 'record':
      return recordField(checker, left.type.record, left, name, range, env);
    case 'metadata': {
      const type = metadataTypes[name as keyof typeof metadataTypes];
      if (type !== undefined) {
        return typed(type, { op: 'metadata', name: name as keyof typeof metadataTypes });
      }
      const near = nearestName(name, Object.keys(metadataTypes));
      checker.problem('E021', range, `no field "${name}" in record`, {
        ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
        notes: [{ message: `record has ${Object.keys(metadataTypes).join(', ')}` }],
      });
      return failed;
    }
    case 'map':
    case 'headers':
      return entry(left, { op: 'const', value: name }, textOf(node));
    default:
      if (!isOpen(left.type)) {
        checker.problem('E023', range, `${showType(left.type)} has no fields`);
      }
      return failed;
  }
}

function recordField(
  checker: Checker,
  record: AvroRecord,
  left: Typed,
  name: string,
  range: Range,
  env: Env,
): Typed {
  const field = record.fields.find((field) => field.name === name);
  if (field === undefined) {
    noField(checker, record, name, range);
    return failed;
  }
  const path = left.path === undefined ? undefined : `${left.path}.${name}`;
  const type = fromAvro(field.type);
  const ir: Ir = { op: 'field', of: left.ir, name };
  return typed(path === undefined ? type : narrowed(type, path, env), ir, path);
}

/** Reports a field that a record type has not. */
export function noField(checker: Checker, record: AvroRecord, name: string, range: Range): void {
  const names = record.fields.map((field) => field.name);
  const near = nearestName(name, names);
  checker.problem('E021', range, `no field "${name}" in ${record.name}`, {
    ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
    notes: [{ message: `${record.name} has ${names.join(', ')}`, type: { name: record.name } }],
  });
}

function entry(of: Typed, key: Ir, at: Ir): Typed {
  return of.type.kind === 'map'
    ? typed(of.type.values, { op: 'call', helper: 'entry', args: [of.ir, key, at] })
    : typed(stringType, { op: 'call', helper: 'header', args: [of.ir, key, at] });
}

/** `a[b]`: an item of a list, an entry of a map, a header. */
export function checkIndex(
  checker: Checker,
  node: Extract<ASTNode, { op: '[]' }>,
  env: Env,
): Typed {
  const [leftNode, indexNode] = node.args;
  const left = operand(checker, leftNode, env);
  const index = operand(checker, indexNode, env);
  const { type } = left;
  if (isOpen(type)) return failed;
  if (type.kind === 'bytes') return unusable(checker, leftNode, type);
  const wanted = type.kind === 'list' ? 'int' : 'string';
  if (type.kind !== 'list' && type.kind !== 'map' && type.kind !== 'headers') {
    const name = indexNode.op === 'value' ? indexNode.args : undefined;
    const fits = type.kind === 'record' && typeof name === 'string';
    checker.problem(
      'E023',
      rangeOf(node),
      `${showType(type)} cannot be indexed`,
      fits ? { suggestion: `write ${serialize(leftNode)}.${name}` } : {},
    );
    return failed;
  }
  if (index.type.kind !== wanted) {
    if (!isOpen(index.type)) {
      const message = `the index of ${showType(type)} is ${wanted}, not ${showType(index.type)}`;
      checker.problem('E023', rangeOf(indexNode), message);
    }
    return failed;
  }
  if (type.kind !== 'list') return entry(left, index.ir, textOf(node));
  const args = [left.ir, index.ir, textOf(node)];
  return typed(type.items, { op: 'call', helper: 'item', args });
}
