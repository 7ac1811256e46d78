import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import { isPoison, sameType, typeName } from './avro-types.ts';
import { storeOwner } from './derived-names.ts';
import type { Graph, GraphInput, GraphRef, GraphStage } from './graph.ts';
import type { Partitioning } from './partitioning.ts';
import { isGlobalJoin, needsCoLocation } from './partitioning.ts';

/**
 * Where records come from whose partitions a stage works in: a declared source, or a topic that the
 * planner makes.
 */
interface Origin {
  readonly name: string;
  /**
   * Undefined: the log has it (a declared topic that says none), or it adapts (a repartition
   * topic).
   */
  readonly partitions?: number;
  readonly partitionBy?: string;
}

/**
 * Proves that what meets in a stage is co-partitioned: equal partition counts wherever records
 * meet, and for joins, stateful stages and looked-up tables equal key types and equal
 * `partition-by`. Repartition topics adapt to what they meet.
 */
export function checkCoPartitioning(
  context: CheckContext,
  graph: Graph,
  partitioning: Partitioning,
): void {
  for (const stage of graph.stages.values()) {
    if (needsCoLocation(graph, stage)) checkKeyTypes(context, stage);
    checkCounts(context, graph, stage, partitioning);
  }
}

function checkKeyTypes(context: CheckContext, stage: GraphStage): void {
  if (stage.def.operator.kind !== 'process') return;
  const [first, ...others] = stage.inputs;
  if (first === undefined || isPoison(first.type.key)) return;
  for (const other of others) {
    if (sameType(first.type.key, other.type.key)) continue;
    const i = stage.inputs.indexOf(other);
    const message =
      `input "${other.name}" is keyed by ${typeName(other.type.key)}, but "${first.name}" by ` +
      `${typeName(first.type.key)}: in a stage with stores equal keys must meet`;
    report(context, 'E070', ['stages', stage.name, 'inputs', i], message, {
      suggestion: 'give one of them a `key:`',
    });
  }
}

function checkCounts(
  context: CheckContext,
  graph: Graph,
  stage: GraphStage,
  partitioning: Partitioning,
): void {
  const inputs = stage.inputs.map((input, i) => ({
    path: ['stages', stage.name, 'inputs', i],
    origins: inputOrigins(graph, partitioning, stage, input),
  }));
  const { operator } = stage.def;
  if (stage.table !== undefined && !isGlobalJoin(graph, stage)) {
    const origins = refOrigins(graph, partitioning, stage.table, new Set());
    inputs.push({ path: ['stages', stage.name, 'operator', 'with'], origins });
  }
  if (operator.kind === 'process') {
    (operator.stores ?? []).forEach((store, i) => {
      const owner = storeOwner(graph, store);
      if (owner === undefined) return;
      const origins = refOrigins(graph, partitioning, owner, new Set());
      inputs.push({ path: ['stages', stage.name, 'operator', 'stores', i], origins });
    });
  }
  const met = inputs.flatMap(({ path, origins }) => origins.map((origin) => ({ path, origin })));
  const first = met.find(({ origin }) => origin.partitions !== undefined);
  for (const { path, origin } of met) {
    if (first === undefined || origin.partitions === undefined) continue;
    if (origin.partitions === first.origin.partitions) continue;
    const message =
      `"${first.origin.name}" has ${first.origin.partitions} partitions and "${origin.name}" ` +
      `has ${origin.partitions}: records that meet in "${stage.name}" would not find each other`;
    report(context, 'E069', path, message, {
      suggestion: 'put a "repartition" stage in front of one of them',
    });
    return;
  }
  const strict = needsCoLocation(graph, stage) && inputs.length > 1;
  const start = met[0];
  const odd = met.find(({ origin }) => origin.partitionBy !== start?.origin.partitionBy);
  if (!strict || start === undefined || odd === undefined) return;
  const message = `"${start.origin.name}" and "${odd.origin.name}" are partitioned differently`;
  report(context, 'E069', odd.path, message, {
    suggestion: 'give both the same partition-by, or put "repartition" stages in front of both',
  });
}

function inputOrigins(
  graph: Graph,
  partitioning: Partitioning,
  stage: GraphStage,
  input: GraphInput,
  seen: Set<string> = new Set(),
): readonly Origin[] {
  // A table is no input of a process stage (E058): it will be another one.
  if (stage.def.operator.kind === 'process' && input.type.kind === 'table') return [];
  if (partitioning.boundary(stage, input) !== undefined) {
    const { operator } = stage.def;
    const partitions = operator.kind === 'repartition' ? operator.partitions : undefined;
    return [{ name: stage.name, ...(partitions === undefined ? {} : { partitions }) }];
  }
  return input.from.flatMap((ref) => refOrigins(graph, partitioning, ref, seen));
}

function refOrigins(
  graph: Graph,
  partitioning: Partitioning,
  ref: GraphRef,
  seen: Set<string>,
): readonly Origin[] {
  if (seen.has(ref.name)) return [];
  seen.add(ref.name);
  if (ref.kind === 'source') {
    const def = graph.sources.get(ref.name)?.def;
    if (def === undefined) return [];
    const { partitions, partitionBy } = def;
    return [
      {
        name: ref.name,
        ...(partitions === undefined ? {} : { partitions }),
        ...(partitionBy === undefined ? {} : { partitionBy }),
      },
    ];
  }
  const stage = graph.stages.get(ref.name);
  if (stage === undefined) return [];
  return stage.inputs.flatMap((input) => inputOrigins(graph, partitioning, stage, input, seen));
}
