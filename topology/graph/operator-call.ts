import type { EdgeType } from '../core/edge.ts';
import { nearestName } from '../core/problem.ts';
import type { CallOperatorDef, OutcomeDef } from '../definition/definition.ts';
import { defaultEffect } from '../definition/nodes/call-effect.ts';
import {
  isPoison,
  isPoisonEdge,
  poison,
  poisonEdge,
  sameType,
  stringType,
  typeName,
} from './avro-types.ts';
import { checkEffect } from './check-effects.ts';
import type { CheckContext } from './context.ts';
import {
  checkProjection,
  didYouMean,
  meant,
  report,
  resolveType,
  typeOf,
  typeOfValue,
} from './context.ts';
import type { GraphCall } from './graph.ts';
import { asEnum } from './graph.ts';
import type { OperatorDeclarations, OperatorTypes, SingleSite } from './operator-site.ts';
import { needs, recordVariables } from './operator-site.ts';
import { byName } from './sources.ts';
import { outcomesOf } from './structure.ts';

/** Declared calls with their types. A request is a record, since it is written field by field. */
export function typeCalls(context: CheckContext): ReadonlyMap<string, GraphCall> {
  const calls: GraphCall[] = [];
  for (const [name, def] of Object.entries(context.definition.calls)) {
    const path = ['calls', name];
    const request = resolveType(context, def.request, [...path, 'request']);
    const reply = resolveType(context, def.reply, [...path, 'reply']);
    if (isPoison(request)) continue;
    if (request.kind === 'record') {
      calls.push({ name, request, reply, effect: def.effect ?? defaultEffect });
      continue;
    }
    const message = `a request is a record, but "${def.request}" is ${typeName(request)}`;
    report(context, 'E082', [...path, 'request'], message);
  }
  return byName(calls);
}

/** Types of a call stage: one output for each outcome. */
export function typeCall(
  context: CheckContext,
  declared: OperatorDeclarations,
  site: SingleSite,
  operator: CallOperatorDef,
): OperatorTypes {
  const input = needs(context, site, 'stream') ? site.input : poisonEdge;
  const variables = recordVariables(input);
  const { path } = site;
  const call = declared.calls.get(operator.call);
  if (call === undefined && !Object.hasOwn(context.definition.calls, operator.call)) {
    report(context, 'E054', [...path, 'call'], `no call "${operator.call}"`, {
      ...meant(context, operator.call, Object.keys(context.definition.calls)),
    });
  }
  if (call !== undefined) {
    checkProjection(context, call.request, operator.request, [...path, 'request'], variables);
  }
  if (operator.idempotencyKey.trim() === '') {
    const message = 'a call needs an idempotency key: after a crash it is sent again';
    report(context, 'E073', [...path, 'idempotencyKey'], message);
  } else {
    typeOf(context, operator.idempotencyKey, [...path, 'idempotencyKey'], variables, stringType);
  }
  checkEffect(context, operator, path);
  const reply = call?.reply ?? poison;
  checkExhaustive(
    context,
    site,
    operator,
    typeOf(context, operator.match, [...path, 'match'], { reply }),
  );
  const outputs: Record<string, EdgeType> = {};
  for (const { outcome, path: at } of outcomesOf(operator)) {
    const isUnknown = at[0] === 'unknown';
    const type = outcomeType(
      context,
      input,
      outcome,
      [...path, ...at],
      isUnknown ? undefined : reply,
    );
    const before = Object.hasOwn(outputs, outcome.out) ? outputs[outcome.out] : undefined;
    if (before !== undefined && !isPoisonEdge(type) && !sameType(before.value, type.value)) {
      const message =
        `output "${outcome.out}" gets ${typeName(type.value)} here, but ` +
        `${typeName(before.value)} from another outcome`;
      report(context, 'E060', [...path, ...at], message);
    }
    outputs[outcome.out] = before ?? type;
  }
  return { outputs };
}

/** Without a reply (`unknown`) `reply` is not in scope. */
function outcomeType(
  context: CheckContext,
  input: EdgeType,
  outcome: OutcomeDef,
  path: readonly (string | number)[],
  reply: GraphCall['reply'] | undefined,
): EdgeType {
  if (outcome.map === undefined) return input;
  const variables = { ...recordVariables(input), ...(reply === undefined ? {} : { reply }) };
  const value = typeOfValue(context, outcome.map, [...path, 'map'], {
    variables,
    unchanged: input.value,
  });
  return isPoisonEdge(input) ? poisonEdge : { ...input, value };
}

function checkExhaustive(
  context: CheckContext,
  site: SingleSite,
  operator: CallOperatorDef,
  match: GraphCall['reply'],
): void {
  if (isPoison(match)) return;
  const symbols = asEnum(match);
  if (symbols === undefined) {
    const message = `outcomes are told apart by an enum, but this is ${typeName(match)}`;
    report(context, 'E082', [...site.path, 'match'], message);
    return;
  }
  const at = context.catalog.at(symbols.name);
  const notes = [
    {
      message: `${symbols.name} has ${symbols.symbols.join(', ')}`,
      ...(at === undefined ? {} : { at }),
    },
  ];
  const declared = Object.keys(operator.outcomes);
  const open = symbols.symbols.filter((symbol) => !declared.includes(symbol));
  const missing = new Set(open);
  for (const symbol of declared) {
    if (symbols.symbols.includes(symbol)) continue;
    const near = nearestName(symbol, open);
    // The outcome is there, but misspelt.
    if (near !== undefined) missing.delete(near);
    const message = `"${symbol}" is no symbol of ${symbols.name}`;
    report(context, 'E074', [...site.path, 'outcomes', symbol], message, {
      on: 'key',
      ...didYouMean(symbol, open),
      notes,
    });
  }
  if (missing.size === 0) return;
  const names = [...missing].map((symbol) => `"${symbol}"`).join(', ');
  const message = `no outcome for ${names}`;
  report(context, 'E074', [...site.path, 'outcomes'], message, { notes });
}
