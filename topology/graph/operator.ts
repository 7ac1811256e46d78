import type { EdgeType } from '../core/edge.ts';
import { poisonEdge } from './avro-types.ts';
import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import type { GraphInput } from './graph.ts';
import { typeAggregate } from './operator-aggregate.ts';
import { typeCall } from './operator-call.ts';
import { typeProcess } from './operator-process.ts';
import type { OperatorDeclarations, OperatorSite, OperatorTypes } from './operator-site.ts';
import { typeStateless } from './operator-stateless.ts';
import { typeTableOperator } from './operator-table.ts';

/**
 * Types of the outputs of a stage. Reports everything that is wrong with its operator; wrong parts
 * are poisoned.
 */
export function typeOperator(
  context: CheckContext,
  declared: OperatorDeclarations,
  site: OperatorSite,
): OperatorTypes {
  const operator = site.def.operator;
  if (operator.kind === 'process') return typeProcess(context, declared, site, operator);
  const input = onlyInput(context, site);
  switch (operator.kind) {
    case 'call':
      return typeCall(context, declared, { ...site, input }, operator);
    case 'count':
    case 'reduce':
    case 'aggregate':
      return typeAggregate(context, { ...site, input }, operator);
    case 'join':
    case 'to-table':
    case 'to-stream':
      return typeTableOperator(context, declared, { ...site, input }, operator);
    default:
      return typeStateless(context, { ...site, input }, operator);
  }
}

function onlyInput(context: CheckContext, site: OperatorSite): EdgeType {
  if (site.inputs.length === 1) return (site.inputs[0] as GraphInput).type;
  const kind = site.def.operator.kind;
  const message =
    site.inputs.length === 0
      ? `${kind} needs an input`
      : `${kind} takes one input, not ${site.inputs.length}`;
  report(context, 'E079', ['stages', site.stage, 'inputs'], message, {
    suggestion: 'write `from:`, with a list to merge several',
  });
  return poisonEdge;
}
