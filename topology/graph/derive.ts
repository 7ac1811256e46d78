import type { AvroType } from '../core/avro.ts';
import type { EdgeType } from '../core/edge.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { StageDef } from '../definition/definition.ts';
import { isPoisonEdge, poison, poisonEdge, sameType, typeName } from './avro-types.ts';
import type { CheckContext } from './context.ts';
import { report, resolveType, typeOf } from './context.ts';
import type {
  GraphCall,
  GraphInput,
  GraphRef,
  GraphSource,
  GraphStage,
  GraphStore,
} from './graph.ts';
import { refText } from './graph.ts';
import type { OperatorTypes } from './operator-site.ts';
import { typeOperator } from './operator.ts';
import { declaredOutputs } from './ports.ts';
import type { Names } from './resolve.ts';
import { typeSinks } from './sinks.ts';
import { byName } from './sources.ts';
import type { Structure } from './structure.ts';

/** What the stages are typed against. */
export interface Declarations {
  readonly sources: ReadonlyMap<string, GraphSource>;
  readonly stores: ReadonlyMap<string, GraphStore>;
  readonly calls: ReadonlyMap<string, GraphCall>;
}

/**
 * Types every edge and checks every expression, once. Types are asked for from the end: a stage's
 * outputs need its inputs', which need the outputs before. A process stage declares its outputs,
 * and feedback edges are compared afterwards, so the asking ends.
 */
export function deriveStages(
  context: CheckContext,
  names: Names,
  structure: Structure,
  declared: Declarations,
): ReadonlyMap<string, GraphStage> {
  const inputs = new Map<string, readonly GraphInput[]>();
  const operators = new Map<string, OperatorTypes>();
  const processOutputs = new Map<string, OperatorTypes['outputs']>();
  const asked = new Set<string>();
  const stages = context.definition.stages;

  function refType(ref: GraphRef | undefined): EdgeType {
    if (ref === undefined) return poisonEdge;
    if (ref.kind === 'source') return declared.sources.get(ref.name)?.type ?? poisonEdge;
    const def = stages[ref.name] as StageDef;
    const outputs =
      def.operator.kind === 'process' ? outputsOfProcess(ref.name, def) : typesOf(ref.name).outputs;
    return outputs[ref.port] ?? poisonEdge;
  }

  function outputsOfProcess(stage: string, def: StageDef): OperatorTypes['outputs'] {
    let outputs = processOutputs.get(stage);
    if (outputs === undefined) {
      outputs = declaredTypes(context, stage, def);
      processOutputs.set(stage, outputs);
    }
    return outputs;
  }

  function typesOf(stage: string): OperatorTypes {
    const known = operators.get(stage);
    if (known !== undefined) return known;
    if (asked.has(stage)) return { outputs: {} };
    asked.add(stage);
    const def = stages[stage] as StageDef;
    const own = def.operator.kind === 'process' ? outputsOfProcess(stage, def) : undefined;
    const table = structure.refs.get(stage)?.table;
    const types = typeOperator(context, declared, {
      stage,
      def,
      path: ['stages', stage, 'operator'],
      inputs: inputsOf(stage),
      ...(table === undefined ? {} : { table, tableType: refType(table) }),
      ...(own === undefined ? {} : { declared: own }),
    });
    operators.set(stage, types);
    return types;
  }

  function inputsOf(stage: string): readonly GraphInput[] {
    let made = inputs.get(stage);
    if (made === undefined) {
      made = (structure.refs.get(stage)?.inputs ?? []).map((refs, i) => {
        const path = ['stages', stage, 'inputs', i];
        const types = refs.from.map((ref, j) =>
          refs.feedback[j] === true ? undefined : incomingType(ref, [...path, 'from', j]),
        );
        const incoming = merged(context, refs.from, types, [...path, 'from']);
        const rekey = stages[stage]?.inputs[i]?.key;
        return {
          name: refs.name,
          from: refs.from.filter((ref) => ref !== undefined),
          feedback: refs.feedback.filter((_, j) => refs.from[j] !== undefined),
          incoming,
          type: rekey === undefined ? incoming : rekeyed(incoming, rekey, [...path, 'key']),
          ...(rekey === undefined ? {} : { rekey }),
        };
      });
      inputs.set(stage, made);
    }
    return made;
  }

  function incomingType(ref: GraphRef | undefined, path: DefinitionPath): EdgeType {
    if (ref?.kind === 'source' && declared.sources.get(ref.name)?.kind === 'global-table') {
      report(context, 'E059', path, `"${ref.name}" is a global table: no records flow out of it`, {
        suggestion: 'join it, or declare it without `global`',
      });
      return poisonEdge;
    }
    return refType(ref);
  }

  function rekeyed(incoming: EdgeType, key: string, path: DefinitionPath): EdgeType {
    if (isPoisonEdge(incoming)) return poisonEdge;
    if (incoming.kind === 'table') {
      report(context, 'E058', path, 'a table cannot get another key', {
        suggestion: 'aggregate it with group-by, or put a "to-stream" stage between',
      });
      return poisonEdge;
    }
    const type = typeOf(context, key, path, { key: incoming.key, value: incoming.value });
    return { ...incoming, key: type };
  }

  function checkFeedback(): void {
    for (const [stage, refs] of structure.refs) {
      refs.inputs.forEach((input, i) => {
        const expected = inputsOf(stage)[i]?.incoming ?? poisonEdge;
        input.from.forEach((ref, j) => {
          if (input.feedback[j] !== true || ref === undefined) return;
          const path = ['stages', stage, 'inputs', i, 'from', j];
          sameEdge(context, refText(ref), refType(ref), expected, path);
        });
      });
    }
  }

  const made = Object.entries(stages).map(([name, def]): GraphStage => {
    const types = typesOf(name);
    const main = names.ports.get(name)?.main;
    const table = structure.refs.get(name)?.table;
    return {
      name,
      def,
      inputs: inputsOf(name),
      ...(table === undefined ? {} : { table, tableType: refType(table) }),
      ...types,
      ...(main === undefined ? {} : { main }),
      sinks: typeSinks(context, declared.sources, {
        stage: name,
        def,
        ...(main === undefined ? {} : { main: types.outputs[main] ?? poisonEdge }),
      }),
    };
  });
  checkFeedback();
  return byName(made);

  function merged(
    context: CheckContext,
    from: readonly (GraphRef | undefined)[],
    types: readonly (EdgeType | undefined)[],
    path: DefinitionPath,
  ): EdgeType {
    if (types.some((type) => type !== undefined && isPoisonEdge(type))) return poisonEdge;
    const first = types.findIndex((type) => type !== undefined);
    const type = types[first] ?? onlyFeedback(from);
    if (from.length > 1 && type.kind === 'table') {
      const message = 'tables cannot be merged: their rows would overwrite each other';
      report(context, 'E058', path, message, {
        suggestion: 'put a "to-stream" stage behind each of them',
      });
      return poisonEdge;
    }
    for (let j = first + 1; j < types.length; j++) {
      const other = types[j];
      const ref = from[j];
      if (other === undefined || ref === undefined) continue;
      if (!sameEdge(context, refText(ref), other, type, [...path, j])) return poisonEdge;
    }
    return type;
  }

  /**
   * An input that only feedback feeds takes its type: it may be asked for here, as nothing before
   * it depends on this input.
   */
  function onlyFeedback(from: readonly (GraphRef | undefined)[]): EdgeType {
    return from.length === 0 ? poisonEdge : refType(from[0]);
  }
}

function sameEdge(
  context: CheckContext,
  name: string,
  type: EdgeType,
  expected: EdgeType,
  path: DefinitionPath,
): boolean {
  if (isPoisonEdge(type) || isPoisonEdge(expected)) return true;
  if (type.kind !== expected.kind) {
    const message = `"${name}" is a ${type.kind}, but the others are ${expected.kind}s`;
    report(context, 'E060', path, message);
    return false;
  }
  for (const part of ['key', 'value'] as const) {
    if (sameType(type[part], expected[part])) continue;
    const message =
      `"${name}" has a ${part} of type ${typeName(type[part])}, but what it is merged with has ` +
      typeName(expected[part]);
    report(context, 'E060', path, message);
    return false;
  }
  return true;
}

function declaredTypes(
  context: CheckContext,
  stage: string,
  def: StageDef,
): Readonly<Record<string, EdgeType>> {
  const outputs: Record<string, EdgeType> = {};
  const declared = declaredOutputs(def);
  if (declared === undefined) {
    const message = 'a process stage says key and value type of each output';
    report(context, 'E077', ['stages', stage, 'outputs'], message);
    return outputs;
  }
  declared.forEach((output, i) => {
    const path = ['stages', stage, 'outputs', i];
    const type = (name: string, part: string): AvroType =>
      resolveType(context, name, [...path, part]);
    outputs[output.name] = {
      kind: 'stream',
      key: type(output.key, 'key'),
      value: type(output.value, 'value'),
    };
  });
  return outputs;
}

/** True when no type of the edge is poisoned. */
export function isWhole(type: EdgeType): boolean {
  return type.key !== poison && type.value !== poison;
}
