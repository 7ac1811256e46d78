import { parseDuration } from '../core/duration.ts';
import type { Grouping, OperatorDef, OperatorKind, ValueFn } from '../definition/definition.ts';
import type { Expression } from './expr.ts';
import type { OutputSpec } from './options.ts';
import { toPunctuate } from './options.ts';
import type { DedupeOptions, ProcessOptions } from './specs.ts';
import type { FnSpec, Register, Use, ValueSpec } from './use.ts';
import { expressionText, present, toFn, toValueFn } from './use.ts';

/** The operator of a kind. */
type Operator<K extends OperatorKind> = Extract<OperatorDef, { readonly kind: K }>;

function text(expression: Expression | undefined): string | undefined {
  return expression === undefined ? undefined : expressionText(expression);
}

function valueOrNone(
  spec: ValueSpec<unknown> | undefined,
  register: Register,
): ValueFn | undefined {
  return spec === undefined ? undefined : toValueFn(spec, register);
}

/** `filter` and `filter-not`. */
export function filterOperator(
  kind: 'filter' | 'filter-not',
  when: FnSpec<unknown>,
  register: Register,
  store?: string,
): OperatorDef {
  return present({ kind, when: toFn(when, register), store });
}

/** `map`. */
export function mapOperator(
  how:
    | { readonly key?: FnSpec<unknown>; readonly value?: ValueSpec<unknown> }
    | (Use & { readonly keyAs?: string }),
  register: Register,
): OperatorDef {
  if ('use' in how) {
    register(how);
    const { use, keyAs, as } = how;
    return present<Operator<'map'>>({ kind: 'map', use, keyAs, as });
  }
  return present<Operator<'map'>>({
    kind: 'map',
    key: how.key === undefined ? undefined : toFn(how.key, register),
    value: valueOrNone(how.value, register),
  });
}

/** `map-values`. */
export function mapValuesOperator(
  value: ValueSpec<unknown>,
  register: Register,
  store?: string,
): OperatorDef {
  return present({ kind: 'map-values', value: toValueFn(value, register), store });
}

/** `flat-map`. */
export function flatMapOperator(
  how: Use & { readonly keyAs: string; readonly as: string },
  register: Register,
): OperatorDef {
  register(how);
  const { use, keyAs, as } = how;
  return { kind: 'flat-map', use, keyAs, as };
}

/** `flat-map-values`. */
export function flatMapValuesOperator(values: Expression | Use, register: Register): OperatorDef {
  return { kind: 'flat-map-values', value: toValueFn(values, register) };
}

/** `repartition`. */
export function repartitionOperator(partitions?: number): OperatorDef {
  return present<Operator<'repartition'>>({ kind: 'repartition', partitions });
}

/** `peek`. */
export function peekOperator(how: Use, register: Register): OperatorDef {
  register(how);
  return { kind: 'peek', use: how.use };
}

/** `split`. */
export function splitOperator(
  branches: Readonly<Record<string, Expression>>,
  rest: string | null,
): OperatorDef {
  const list = Object.entries(branches).map(([name, when]) => ({
    name,
    when: expressionText(when),
  }));
  return { kind: 'split', branches: list, rest };
}

/** `dedupe`. */
export function dedupeOperator(
  stage: string,
  {
    by,
    compare,
    retention,
    conflict,
  }: Pick<DedupeOptions, 'by' | 'compare' | 'retention' | 'conflict'>,
): OperatorDef {
  return present<Operator<'dedupe'>>({
    kind: 'dedupe',
    by: expressionText(by),
    compare: text(compare),
    retentionMs: parseDuration(retention, `retention of "${stage}"`),
    conflict,
  });
}

/** `join`. */
export function joinOperator(
  type: 'inner' | 'left',
  table: string,
  spec: ValueSpec<unknown>,
  register: Register,
  on?: Expression,
): OperatorDef {
  const value = toValueFn(spec, register);
  return present<Operator<'join'>>({ kind: 'join', with: table, type, on: text(on), value });
}

/** `to-stream`. */
export function toStreamOperator(key?: Expression): OperatorDef {
  return present<Operator<'to-stream'>>({ kind: 'to-stream', key: text(key) });
}

/** `reduce`. */
export function reduceOperator(
  group: Grouping,
  { add, subtract }: { readonly add: ValueSpec<unknown>; readonly subtract?: ValueSpec<unknown> },
  register: Register,
  store?: string,
): OperatorDef {
  return present<Operator<'reduce'>>({
    kind: 'reduce',
    group,
    add: toValueFn(add, register),
    subtract: valueOrNone(subtract, register),
    store,
  });
}

/** `aggregate`. */
export function aggregateOperator(
  group: Grouping,
  {
    as,
    init,
    add,
    subtract,
  }: {
    readonly as: string;
    readonly init: ValueSpec<unknown>;
    readonly add: ValueSpec<unknown>;
    readonly subtract?: ValueSpec<unknown>;
  },
  register: Register,
  store?: string,
): OperatorDef {
  return present<Operator<'aggregate'>>({
    kind: 'aggregate',
    group,
    as,
    init: toValueFn(init, register),
    add: toValueFn(add, register),
    subtract: valueOrNone(subtract, register),
    store,
  });
}

/** `process`. */
export function processOperator(
  {
    process,
    stores,
    punctuate,
  }: Pick<ProcessOptions<Readonly<Record<string, OutputSpec>>>, 'process' | 'stores' | 'punctuate'>,
  register: Register,
): OperatorDef {
  if (typeof process !== 'string') register(process);
  return present<Operator<'process'>>({
    kind: 'process',
    use: typeof process === 'string' ? process : process.use,
    stores,
    punctuate: punctuate === undefined ? undefined : toPunctuate(punctuate),
  });
}

/** `group-by`, beside an aggregating operator. */
export function groupBy(
  key: Expression,
  value: ValueSpec<unknown> | undefined,
  register: Register,
): Grouping {
  return present<Extract<Grouping, { by: 'expr' }>>({
    by: 'expr',
    key: expressionText(key),
    value: valueOrNone(value, register),
  });
}
