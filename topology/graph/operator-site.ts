import type { AvroType } from '../core/avro.ts';
import type { EdgeType } from '../core/edge.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { OperatorDef, StageDef } from '../definition/definition.ts';
import { isPoisonEdge } from './avro-types.ts';
import type { CheckContext, Variables } from './context.ts';
import { report } from './context.ts';
import type { GraphCall, GraphInput, GraphRef, GraphSource, GraphStore } from './graph.ts';

/** One stage whose operator is to be typed. */
export interface OperatorSite {
  readonly stage: string;
  readonly def: StageDef;
  /** Path of the operator. */
  readonly path: DefinitionPath;
  readonly inputs: readonly GraphInput[];
  readonly table?: GraphRef;
  readonly tableType?: EdgeType;
  /** Process stages: their declared outputs. */
  readonly declared?: Readonly<Record<string, EdgeType>>;
}

/** What a declaration offers to operators. */
export interface OperatorDeclarations {
  readonly sources: ReadonlyMap<string, GraphSource>;
  readonly stores: ReadonlyMap<string, GraphStore>;
  readonly calls: ReadonlyMap<string, GraphCall>;
}

export interface OperatorTypes {
  /** Port → type. Ports that are absent are poisoned. */
  readonly outputs: Readonly<Record<string, EdgeType>>;
  readonly grouped?: EdgeType;
  readonly dedupeKey?: AvroType;
}

/** The operator of one kind. */
export type OperatorOf<K extends OperatorDef['kind']> = Extract<OperatorDef, { kind: K }>;

/** A site with its only input. */
export interface SingleSite extends OperatorSite {
  readonly input: EdgeType;
}

/** Variables of an expression over the records of an edge. */
export function recordVariables(type: EdgeType): Variables {
  return { key: type.key, value: type.value };
}

/**
 * True if the input is of the kind (or not known); otherwise a finding says what to put between.
 */
export function needs(context: CheckContext, site: SingleSite, kind: EdgeType['kind']): boolean {
  if (isPoisonEdge(site.input)) return false;
  if (site.input.kind === kind) return true;
  const between = kind === 'stream' ? 'to-stream' : 'to-table';
  const from = site.def.inputs[0]?.from[0] ?? '';
  const operator = site.def.operator.kind;
  const message = `${operator} takes a ${kind}, but "${from}" is a ${site.input.kind}`;
  report(context, 'E058', ['stages', site.stage, 'inputs', 0, 'from', 0], message, {
    suggestion: `put a "${between}" stage between`,
  });
  return false;
}

/** Reports an option that has no effect in this place. */
export function refuse(
  context: CheckContext,
  site: OperatorSite,
  option: string,
  why: string,
): void {
  const message = `"${option}" does not apply here: ${why}`;
  report(context, 'E078', [...site.path, option], message, { on: 'key' });
}
