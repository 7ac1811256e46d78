import type { AvroType } from '../core/avro.ts';
import type { EdgeType } from '../core/edge.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { Fn, OperatorDef } from '../definition/definition.ts';
import { booleanType, isPoison, isPoisonEdge, poison, poisonEdge, typeName } from './avro-types.ts';
import type { CheckContext } from './context.ts';
import { checkUse, edgeContext, report, resolveType, typeOf, typeOfValue } from './context.ts';
import type { OperatorOf, OperatorTypes, SingleSite } from './operator-site.ts';
import { needs, recordVariables, refuse } from './operator-site.ts';

type Stateless = Exclude<
  OperatorDef,
  {
    kind: 'process' | 'call' | 'count' | 'reduce' | 'aggregate' | 'join' | 'to-table' | 'to-stream';
  }
>;

/** Types of the operators that look at one record at a time, of `repartition` and of `dedupe`. */
export function typeStateless(
  context: CheckContext,
  site: SingleSite,
  operator: Stateless,
): OperatorTypes {
  switch (operator.kind) {
    case 'filter':
    case 'filter-not':
      checkFn(context, operator.when, [...site.path, 'when'], site.input, booleanType);
      checkStoreOption(context, site, operator.store);
      return { outputs: { out: site.input } };
    case 'map-values':
      checkStoreOption(context, site, operator.store);
      return { outputs: { out: mapValues(context, site, operator) } };
    case 'map':
      return {
        outputs: { out: stream(context, site) ? map(context, site, operator) : poisonEdge },
      };
    case 'flat-map': {
      checkUse(context, operator.use, [...site.path, 'use']);
      const key = resolveType(context, operator.keyAs, [...site.path, 'keyAs']);
      const value = resolveType(context, operator.as, [...site.path, 'as']);
      stream(context, site);
      return { outputs: { out: { kind: 'stream', key, value } } };
    }
    case 'flat-map-values':
      return { outputs: { out: flatMapValues(context, site, operator) } };
    case 'peek':
      checkUse(context, operator.use, [...site.path, 'use']);
      return { outputs: { out: same(context, site) } };
    case 'split':
      return { outputs: split(context, site, operator) };
    case 'dedupe':
      return dedupe(context, site, operator);
    default:
      return { outputs: { out: same(context, site) } };
  }
}

function stream(context: CheckContext, site: SingleSite): boolean {
  return needs(context, site, 'stream');
}

function same(context: CheckContext, site: SingleSite): EdgeType {
  return stream(context, site) ? site.input : poisonEdge;
}

function checkFn(
  context: CheckContext,
  fn: Fn,
  path: DefinitionPath,
  input: EdgeType,
  expected?: AvroType,
): AvroType {
  if ('use' in fn) {
    checkUse(context, fn.use, [...path, 'use']);
    return expected ?? poison;
  }
  const scoped = edgeContext(context, input);
  return typeOf(scoped, fn.expr, [...path, 'expr'], recordVariables(input), expected);
}

function checkStoreOption(
  context: CheckContext,
  site: SingleSite,
  store: string | undefined,
): void {
  if (store === undefined || site.input.kind === 'table' || isPoisonEdge(site.input)) return;
  refuse(context, site, 'store', 'only tables have rows to keep');
}

function mapValues(
  context: CheckContext,
  site: SingleSite,
  operator: OperatorOf<'map-values'>,
): EdgeType {
  const scoped = edgeContext(context, site.input);
  const value = typeOfValue(scoped, operator.value, [...site.path, 'value'], {
    variables: recordVariables(site.input),
    unchanged: site.input.value,
  });
  return isPoisonEdge(site.input) ? poisonEdge : { ...site.input, value };
}

function map(context: CheckContext, site: SingleSite, operator: OperatorOf<'map'>): EdgeType {
  const { input, path } = site;
  if (operator.use !== undefined) {
    checkUse(context, operator.use, [...path, 'use']);
    if (operator.key !== undefined) refuse(context, site, 'key', '"use" makes the key, too');
    if (operator.value !== undefined) refuse(context, site, 'value', '"use" makes the value, too');
  } else if (operator.key === undefined && operator.value === undefined) {
    report(context, 'E077', path, 'map needs a key, a value or a function', {
      suggestion: 'write `key:`, `value:` or `use:`',
    });
  }
  const named = (name: string | undefined, option: string): AvroType | undefined =>
    name === undefined ? undefined : resolveType(context, name, [...path, option]);
  const keyAs = named(operator.keyAs, 'keyAs');
  const as = named(operator.as, 'as');
  const key =
    operator.key === undefined
      ? undefined
      : 'use' in operator.key
        ? checkFn(context, operator.key, [...path, 'key'], input, keyAs ?? input.key)
        : checkFn(context, operator.key, [...path, 'key'], input, keyAs);
  const value =
    operator.value === undefined
      ? undefined
      : typeOfValue(context, operator.value, [...path, 'value'], {
          variables: recordVariables(input),
          unchanged: as ?? input.value,
          ...(as === undefined ? {} : { expected: as }),
        });
  return { kind: 'stream', key: key ?? keyAs ?? input.key, value: value ?? as ?? input.value };
}

function flatMapValues(
  context: CheckContext,
  site: SingleSite,
  operator: OperatorOf<'flat-map-values'>,
): EdgeType {
  if (!stream(context, site)) return poisonEdge;
  const { input } = site;
  const path = [...site.path, 'value'];
  if ('use' in operator.value) {
    const value = typeOfValue(context, operator.value, path, {
      variables: recordVariables(input),
      unchanged: input.value,
    });
    return { ...input, value };
  }
  const list = typeOfValue(context, operator.value, path, {
    variables: recordVariables(input),
    unchanged: input.value,
  });
  if (isPoison(list)) return { ...input, value: poison };
  if (list.kind === 'array') return { ...input, value: list.items };
  report(context, 'E061', path, `flat-map-values needs a list, but this is ${typeName(list)}`, {
    suggestion: 'use map-values for one value',
  });
  return { ...input, value: poison };
}

function split(
  context: CheckContext,
  site: SingleSite,
  operator: OperatorOf<'split'>,
): Readonly<Record<string, EdgeType>> {
  const type = same(context, site);
  const outputs: Record<string, EdgeType> = {};
  operator.branches.forEach((branch, i) => {
    const path = [...site.path, 'branches', i];
    if (Object.hasOwn(outputs, branch.name)) {
      report(context, 'E055', [...path, 'name'], `two branches are called "${branch.name}"`);
    }
    outputs[branch.name] = type;
    typeOf(context, branch.when, [...path, 'when'], recordVariables(type), booleanType);
  });
  if (operator.rest !== null) {
    if (Object.hasOwn(outputs, operator.rest)) {
      report(context, 'E055', [...site.path, 'rest'], `two branches are called "${operator.rest}"`);
    }
    outputs[operator.rest] = type;
  }
  return outputs;
}

function dedupe(
  context: CheckContext,
  site: SingleSite,
  operator: OperatorOf<'dedupe'>,
): OperatorTypes {
  const type = same(context, site);
  const variables = recordVariables(type);
  const dedupeKey =
    operator.by === 'key'
      ? type.key
      : typeOf(context, operator.by, [...site.path, 'by'], variables);
  if (operator.compare !== undefined) {
    typeOf(context, operator.compare, [...site.path, 'compare'], variables);
  }
  const { conflict } = operator;
  if (conflict !== undefined && operator.compare === undefined) {
    refuse(context, site, 'conflict', 'without "compare" every repeat is a duplicate');
  }
  const outputs: Record<string, EdgeType> = { out: type };
  if (typeof conflict === 'object') outputs[conflict.out] = type;
  return { outputs, dedupeKey };
}
