import type { EdgeType } from '../core/edge.ts';
import { isPoison, isPoisonEdge, nullable, poisonEdge, sameType, typeName } from './avro-types.ts';
import type { CheckContext } from './context.ts';
import { report, typeOf, typeOfValue } from './context.ts';
import type {
  OperatorDeclarations,
  OperatorOf,
  OperatorTypes,
  SingleSite,
} from './operator-site.ts';
import { needs, recordVariables, refuse } from './operator-site.ts';

/** Types of joins and of what turns streams into tables and back. */
export function typeTableOperator(
  context: CheckContext,
  declared: OperatorDeclarations,
  site: SingleSite,
  operator: OperatorOf<'join' | 'to-table' | 'to-stream'>,
): OperatorTypes {
  switch (operator.kind) {
    case 'to-table': {
      const ok = needs(context, site, 'stream');
      return { outputs: { out: ok ? { ...site.input, kind: 'table' } : poisonEdge } };
    }
    case 'to-stream': {
      if (!needs(context, site, 'table')) return { outputs: { out: poisonEdge } };
      const variables = recordVariables(site.input);
      const key =
        operator.key === undefined
          ? site.input.key
          : typeOf(context, operator.key, [...site.path, 'key'], variables);
      return { outputs: { out: { kind: 'stream', key, value: site.input.value } } };
    }
    default:
      return { outputs: { out: join(context, declared, site, operator) } };
  }
}

function join(
  context: CheckContext,
  declared: OperatorDeclarations,
  site: SingleSite,
  operator: OperatorOf<'join'>,
): EdgeType {
  const { input, table, tableType = poisonEdge } = site;
  if (table === undefined || isPoisonEdge(tableType)) return poisonEdge;
  const path = [...site.path, 'with'];
  if (tableType.kind === 'stream') {
    const message = `"${operator.with}" is a stream: a join looks up rows of a table`;
    report(context, 'E058', path, message, { suggestion: 'put a "to-table" stage between' });
    return poisonEdge;
  }
  if (!isPoisonEdge(input) && input.kind === 'table') {
    report(context, 'E081', path, 'joins of two tables are not there yet', {
      suggestion: 'put a "to-stream" stage before the join',
    });
    return poisonEdge;
  }
  const isGlobal =
    table.kind === 'source' && declared.sources.get(table.name)?.kind === 'global-table';
  if (!isPoisonEdge(input)) {
    if (isGlobal) checkGlobalKey(context, site, operator, tableType);
    else checkKey(context, site, operator, tableType);
  }
  const right = operator.type === 'left' ? nullable(tableType.value) : tableType.value;
  const value = typeOfValue(context, operator.value, [...site.path, 'value'], {
    variables: { ...recordVariables(input), left: input.value, right },
    unchanged: input.value,
  });
  return isPoisonEdge(input) ? poisonEdge : { kind: 'stream', key: input.key, value };
}

function checkKey(
  context: CheckContext,
  site: SingleSite,
  operator: OperatorOf<'join'>,
  table: EdgeType,
): void {
  if (operator.on !== undefined) {
    refuse(
      context,
      site,
      'on',
      'only a global table is looked up by another key; give the input a `key:`',
    );
  }
  if (sameType(site.input.key, table.key)) return;
  const message =
    `the key is ${typeName(site.input.key)}, but "${operator.with}" has rows by ` +
    typeName(table.key);
  report(context, 'E070', [...site.path, 'with'], message, {
    suggestion: 'give the input a `key:` of that type',
  });
}

function checkGlobalKey(
  context: CheckContext,
  site: SingleSite,
  operator: OperatorOf<'join'>,
  table: EdgeType,
): void {
  if (operator.on !== undefined) {
    // A null key finds nothing: an inner join drops and counts the record, a left join keeps it.
    const key = nullable(table.key);
    typeOf(context, operator.on, [...site.path, 'on'], recordVariables(site.input), key);
    return;
  }
  if (isPoison(site.input.key) || sameType(site.input.key, table.key)) return;
  const message =
    `the key is ${typeName(site.input.key)}, but "${operator.with}" has rows by ` +
    typeName(table.key);
  report(context, 'E070', [...site.path, 'with'], message, {
    suggestion: 'say what to look up with `on:`',
  });
}
