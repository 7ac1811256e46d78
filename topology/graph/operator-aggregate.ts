import type { AvroType } from '../core/avro.ts';
import type { EdgeType } from '../core/edge.ts';
import type { ValueFn } from '../definition/definition.ts';
import { isPoisonEdge, longType, poisonEdge } from './avro-types.ts';
import type { CheckContext, Variables } from './context.ts';
import { edgeContext, report, resolveType, typeOf, typeOfValue } from './context.ts';
import type { OperatorOf, OperatorTypes, SingleSite } from './operator-site.ts';
import { recordVariables, refuse } from './operator-site.ts';

type Aggregate = OperatorOf<'count' | 'reduce' | 'aggregate'>;

/**
 * Types of `count`, `reduce` and `aggregate`, over streams and over tables. The result is a table.
 */
export function typeAggregate(
  context: CheckContext,
  site: SingleSite,
  operator: Aggregate,
): OperatorTypes {
  const grouped = group(context, site, operator);
  const value = aggregateType(context, site, operator, grouped);
  return { grouped, outputs: { out: { kind: 'table', key: grouped.key, value } } };
}

function aggregateType(
  context: CheckContext,
  site: SingleSite,
  operator: Aggregate,
  grouped: EdgeType,
): AvroType {
  if (operator.kind === 'count') return longType;
  checkSubtract(context, site, operator);
  if (operator.kind === 'reduce') {
    step(context, site, 'add', operator.add, grouped, grouped.value);
    if (operator.subtract !== undefined) {
      step(context, site, 'subtract', operator.subtract, grouped, grouped.value);
    }
    return grouped.value;
  }
  const type = resolveType(context, operator.as, [...site.path, 'as']);
  typeOfValue(context, operator.init, [...site.path, 'init'], {
    variables: { key: grouped.key },
    unchanged: type,
    expected: type,
  });
  step(context, site, 'add', operator.add, grouped, type);
  if (operator.subtract !== undefined) {
    step(context, site, 'subtract', operator.subtract, grouped, type);
  }
  return type;
}

function step(
  context: CheckContext,
  site: SingleSite,
  option: 'add' | 'subtract',
  fn: ValueFn,
  grouped: EdgeType,
  aggregate: AvroType,
): void {
  const variables: Variables = { ...recordVariables(grouped), aggregate };
  typeOfValue(context, fn, [...site.path, option], {
    variables,
    unchanged: aggregate,
    expected: aggregate,
  });
}

function checkSubtract(
  context: CheckContext,
  site: SingleSite,
  operator: OperatorOf<'reduce' | 'aggregate'>,
): void {
  if (isPoisonEdge(site.input)) return;
  if (site.input.kind === 'table' && operator.subtract === undefined) {
    const message =
      `${operator.kind} over a table needs "subtract": a row that changes is taken out before ` +
      'it is added again';
    report(context, 'E077', site.path, message);
  }
  if (site.input.kind === 'stream' && operator.subtract !== undefined) {
    refuse(context, site, 'subtract', 'records of a stream are never taken back');
  }
}

function group(context: CheckContext, site: SingleSite, operator: Aggregate): EdgeType {
  const { input } = site;
  const grouping = operator.group;
  if (isPoisonEdge(input)) return poisonEdge;
  if (grouping.by === 'key') return input;
  const path = [...site.path, 'group'];
  const variables = recordVariables(input);
  const scoped = edgeContext(context, input);
  const key = typeOf(scoped, grouping.key, [...path, 'key'], variables);
  const value =
    grouping.value === undefined
      ? input.value
      : typeOfValue(scoped, grouping.value, [...path, 'value'], {
          variables,
          unchanged: input.value,
        });
  // Sums of ints are longs: what is made to be reduced is widened, so that `1` can be added up.
  const wide = operator.kind === 'reduce' && grouping.value !== undefined && isInt(value);
  return { kind: input.kind, key, value: wide ? longType : value };
}

function isInt(type: AvroType): boolean {
  return type.kind === 'int' && type.logical === undefined;
}
