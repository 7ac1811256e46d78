import type { DefinitionPath } from '../core/problem.ts';
import type { Graph, GraphRef, GraphStage } from './graph.ts';

/**
 * Name of the store that an operator keeps for itself: what it has seen, the calls it has
 * journaled.
 */
export function internalStoreOf(stage: GraphStage): string | undefined {
  if (stage.def.operator.kind === 'dedupe') return `${stage.name}-seen`;
  if (stage.def.operator.kind === 'call') return `${stage.name}-journal`;
  return undefined;
}

/**
 * Every store that a graph may need, but for those of parked records, and what it belongs to; each
 * names its changelog.
 */
export function namedStores(graph: Graph): readonly NamedStore[] {
  return [
    ...[...graph.stores.keys()].map((name) => ({ name, path: ['stores', name] })),
    ...[...graph.sources.values()].flatMap(({ name, store }) =>
      store === undefined ? [] : [{ name: store, path: ['tables', name] }],
    ),
    ...[...graph.stages.values()].flatMap((stage) => {
      const store = internalStoreOf(stage) ?? tableStoreOf(stage);
      return store === undefined ? [] : [{ name: store, path: ['stages', stage.name] }];
    }),
  ];
}

/** A store, and where in the definition it comes from. */
export interface NamedStore {
  readonly name: string;
  readonly path: DefinitionPath;
}

/**
 * `<stage>` for the only input, `<stage>-<input>` for the inputs of a process stage: names the
 * repartition topic and what stands around it.
 */
export function inputName(stage: string, input: string): string {
  return input === 'in' ? stage : `${stage}-${input}`;
}

/** Names of the nodes that the planner adds for a stage. */
export const nodeNames = {
  rekey: (stage: string, input: string): string => `${inputName(stage, input)}-key`,
  merge: (stage: string, input: string): string => `${inputName(stage, input)}-merge`,
  group: (stage: string): string => `${stage}-group-by`,
  repartitionSink: (name: string): string => `${name}-repartition-sink`,
  repartitionSource: (name: string): string => `${name}-repartition-source`,
  sink: (stage: string, stream: string): string => `${stage}-to-${stream}`,
  dynamicSink: (stage: string): string => `${stage}-to`,
} as const;

/**
 * The table (a declared one, or a stage) whose rows lie in a store that is no store of `stores:`;
 * undefined for those and for global tables.
 */
export function storeOwner(graph: Graph, store: string): GraphRef | undefined {
  if (graph.stores.has(store)) return undefined;
  for (const source of graph.sources.values()) {
    if (source.store !== store) continue;
    return source.kind === 'table' ? { kind: 'source', name: source.name } : undefined;
  }
  for (const stage of graph.stages.values()) {
    if (tableStoreOf(stage) === store) return { kind: 'stage', name: stage.name, port: 'out' };
  }
  return undefined;
}

/**
 * Name of the store in which a stage keeps its table, if it keeps one; undefined for stages that
 * make no table.
 */
export function tableStoreOf(stage: GraphStage): string | undefined {
  const operator = stage.def.operator;
  switch (operator.kind) {
    case 'count':
    case 'reduce':
    case 'aggregate':
    case 'to-table':
      return operator.store ?? stage.name;
    case 'filter':
    case 'filter-not':
    case 'map-values':
      return operator.store;
    default:
      return undefined;
  }
}

/** Names of the streams and tables whose records flow into the topology. */
export function readSources(graph: Graph): ReadonlySet<string> {
  const read = new Set<string>();
  for (const stage of graph.stages.values()) {
    for (const ref of [...stage.inputs.flatMap((input) => input.from), stage.table]) {
      if (ref?.kind === 'source') read.add(ref.name);
    }
    const operator = stage.def.operator;
    const stores = operator.kind === 'process' ? (operator.stores ?? []) : [];
    for (const source of graph.sources.values()) {
      if (source.store !== undefined && stores.includes(source.store)) read.add(source.name);
    }
  }
  for (const source of graph.sources.values()) {
    if (source.explicitStore) read.add(source.name);
  }
  return read;
}
