import { repartitionTopic } from '../core/names.ts';
import type { EdgeType } from '../core/edge.ts';
import type { OperatorDef, TopicDef, ValueFn } from '../definition/definition.ts';
import { inputName, internalStoreOf, nodeNames, readSources } from '../graph/derived-names.ts';
import type {
  Graph,
  GraphInput,
  GraphRef,
  GraphSink,
  GraphSource,
  GraphStage,
} from '../graph/graph.ts';
import type { Partitioning } from '../graph/partitioning.ts';
import { isGlobalJoin } from '../graph/partitioning.ts';
import { compareText } from '../graph/sources.ts';
import { keepsNullKeys } from './null-keys.ts';
import type { GlobalTable, NodeOutput, PlanNode, SinkNode, SourceNode, StageNode } from './plan.ts';
import type { Tables } from './tables.ts';
import { lookedUp } from './tables.ts';

/** The nodes of a plan before they are grouped. */
export interface BuiltNodes {
  readonly nodes: readonly PlanNode[];
  readonly globalTables: readonly GlobalTable[];
  /**
   * Repartition topic → number of partitions that the author asked for, or undefined: it adapts.
   */
  readonly repartitions: ReadonlyMap<string, number | undefined>;
}

/** Makes all nodes: one for each source, stage and sink, and those around repartition topics. */
export function buildNodes(graph: Graph, partitioning: Partitioning, tables: Tables): BuiltNodes {
  const nodes: PlanNode[] = [];
  const repartitions = new Map<string, number | undefined>();
  const globalTables: GlobalTable[] = [];
  const read = readSources(graph);
  for (const source of graph.sources.values()) {
    if (source.kind === 'global-table') {
      if (!read.has(source.name)) continue;
      const store = source.store ?? source.name;
      const node = sourceNode(source, store, false);
      globalTables.push({ name: source.name, source: node, store });
    } else if (read.has(source.name)) {
      nodes.push(sourceNode(source, tables.storeOf(source.name), tables.sendsOld(source.name)));
    }
  }
  for (const stage of graph.stages.values()) {
    const inputs: Record<string, readonly NodeOutput[]> = {};
    const inputTypes: Record<string, EdgeType> = {};
    for (const input of stage.inputs) {
      const made = buildInput(graph, partitioning, stage, input);
      nodes.push(...made.nodes);
      inputs[input.name] = made.feeds;
      inputTypes[input.name] = made.type;
      if (made.topic === undefined) continue;
      const { operator } = stage.def;
      const partitions = operator.kind === 'repartition' ? operator.partitions : undefined;
      repartitions.set(made.topic, partitions);
    }
    if (stage.table !== undefined && stage.tableType !== undefined) {
      inputs['with'] = [outputOf(stage.table)];
      inputTypes['with'] = stage.tableType;
    }
    nodes.push(stageNode(graph, tables, stage, { inputs, inputTypes }));
    for (const sink of stage.sinks) nodes.push(sinkNode(graph, stage, sink));
  }
  return { nodes, globalTables, repartitions };
}

interface BuiltInput {
  readonly nodes: readonly PlanNode[];
  /** What feeds the stage's port. */
  readonly feeds: readonly NodeOutput[];
  readonly type: EdgeType;
  readonly topic?: string;
}

/**
 * The nodes between the outputs that an input names and the stage: a new key, a new group, a
 * repartition topic.
 */
function buildInput(
  graph: Graph,
  partitioning: Partitioning,
  stage: GraphStage,
  input: GraphInput,
): BuiltInput {
  const nodes: PlanNode[] = [];
  let feeds: readonly NodeOutput[] = input.from.map(outputOf);
  let type = input.incoming;
  const add = (name: string, operator: StageNode['operator'], made: EdgeType): void => {
    nodes.push({
      kind: 'stage',
      name,
      stage: stage.name,
      operator,
      inputs: { in: feeds },
      inputTypes: { in: type },
      outputs: { out: made },
      stores: [],
      sendOld: false,
      punctuate: {},
      ...(stage.def.errors === undefined ? {} : { errors: stage.def.errors }),
    });
    feeds = [{ node: name, output: 'out' }];
    type = made;
  };
  if (input.rekey !== undefined) {
    const operator = { kind: 'rekey', by: input.rekey } as const;
    add(nodeNames.rekey(stage.name, input.name), operator, input.type);
  }
  const boundary = partitioning.boundary(stage, input);
  const group = groupingOf(stage.def.operator);
  if (group !== undefined && stage.grouped !== undefined) {
    const { value, key } = group;
    const rest = value === undefined ? {} : { value };
    if (boundary === 'regroup') {
      add(nodeNames.group(stage.name), { kind: 'regroup', by: key, ...rest }, stage.grouped);
    } else if (key !== 'key' || value !== undefined) {
      add(nodeNames.group(stage.name), { kind: 'rekey', by: key, ...rest }, stage.grouped);
    }
  }
  if (boundary === undefined) return { nodes, feeds, type };
  const topic = repartitionTopic(graph.definition.application, inputName(stage.name, input.name));
  if (feeds.length > 1) {
    add(nodeNames.merge(stage.name, input.name), { kind: 'pass' }, type);
  }
  const name = inputName(stage.name, input.name);
  const ends: RepartitionEnds = {
    stage,
    topic,
    type,
    changes: boundary === 'regroup',
    feed: feeds[0] ?? { node: stage.name, output: 'out' },
    dropNullKeys: !keepsNullKeys(graph, stage),
  };
  const source = repartitionSource(nodeNames.repartitionSource(name), ends);
  nodes.push(repartitionSink(nodeNames.repartitionSink(name), ends), source);
  return { nodes, feeds: [{ node: source.name, output: 'out' }], type: source.type, topic };
}

interface RepartitionEnds {
  readonly stage: GraphStage;
  readonly topic: string;
  readonly type: EdgeType;
  readonly changes: boolean;
  readonly feed: NodeOutput;
  readonly dropNullKeys: boolean;
}

function repartitionSink(name: string, ends: RepartitionEnds): SinkNode {
  return {
    kind: 'sink',
    name,
    stage: ends.stage.name,
    input: ends.feed,
    inputType: ends.type,
    topic: ends.topic,
    type: ends.type,
    format: 'avro',
    internal: true,
    dropNullKeys: ends.dropNullKeys,
    changes: ends.changes,
  };
}

function repartitionSource(name: string, ends: RepartitionEnds): SourceNode {
  return {
    kind: 'source',
    name,
    topics: [ends.topic],
    type: ends.type,
    format: 'avro',
    offsetReset: 'earliest',
    sendOld: false,
    changes: ends.changes,
    internal: true,
  };
}

function sourceNode(source: GraphSource, store: string | undefined, sendOld: boolean): SourceNode {
  const { def } = source;
  return {
    kind: 'source',
    name: source.name,
    topics: def.topics,
    type: source.type,
    format: def.format ?? 'avro',
    ...(def.time === undefined ? {} : { time: def.time }),
    ...(def.timeUnit === undefined ? {} : { timeUnit: def.timeUnit }),
    offsetReset: def.offsetReset ?? 'earliest',
    ...(store === undefined ? {} : { store }),
    sendOld,
    changes: false,
    internal: false,
  };
}

function stageNode(
  graph: Graph,
  tables: Tables,
  stage: GraphStage,
  ports: Pick<StageNode, 'inputs' | 'inputTypes'>,
): StageNode {
  const { operator, errors } = stage.def;
  const store = tables.storeOf(stage.name);
  return {
    kind: 'stage',
    name: stage.name,
    stage: stage.name,
    operator,
    ...ports,
    outputs: stage.outputs,
    stores: storesOf(graph, tables, stage, store),
    ...(store === undefined ? {} : { store }),
    sendOld: tables.sendsOld(stage.name),
    punctuate: operator.kind === 'process' ? (operator.punctuate ?? {}) : {},
    ...(errors === undefined ? {} : { errors }),
  };
}

function storesOf(
  graph: Graph,
  tables: Tables,
  stage: GraphStage,
  own: string | undefined,
): readonly string[] {
  const { operator } = stage.def;
  const stores = new Set(operator.kind === 'process' ? operator.stores : []);
  const internal = internalStoreOf(stage) ?? own;
  if (internal !== undefined) stores.add(internal);
  if (operator.kind === 'join') {
    for (const ref of lookedUp(graph, stage)) {
      const read = tables.readStore(ref);
      if (read !== undefined) stores.add(read);
    }
    const global = isGlobalJoin(graph, stage) ? graph.sources.get(operator.with)?.store : undefined;
    if (global !== undefined) stores.add(global);
  }
  return [...stores].sort(compareText);
}

function sinkNode(graph: Graph, stage: GraphStage, sink: GraphSink): SinkNode {
  const { def } = sink;
  const streams = sink.streams.map((name) => [name, graph.sources.get(name)?.def] as const);
  const first = streams[0]?.[1];
  const topicOf = (topic: TopicDef | undefined): string => topic?.topics[0] ?? '';
  const main = stage.main ?? 'out';
  return {
    kind: 'sink',
    name: 'by' in def ? nodeNames.dynamicSink(stage.name) : nodeNames.sink(stage.name, def.stream),
    stage: stage.name,
    input: { node: stage.name, output: main },
    inputType: stage.outputs[main] ?? sink.type,
    ...('by' in def
      ? { choices: Object.fromEntries(streams.map(([name, topic]) => [name, topicOf(topic)])) }
      : { topic: topicOf(first) }),
    sink: def,
    type: sink.type,
    format: first?.format ?? 'avro',
    ...(first?.partitionBy === undefined ? {} : { partitionBy: first.partitionBy }),
    internal: false,
    dropNullKeys: false,
    changes: false,
  };
}

function outputOf(ref: GraphRef): NodeOutput {
  return { node: ref.name, output: ref.kind === 'source' ? 'out' : ref.port };
}

/**
 * How an aggregate groups: an expression for the key (`key` itself where the key stays) and what
 * becomes of the value.
 */
function groupingOf(operator: OperatorDef): { key: string; value?: ValueFn } | undefined {
  if (!('group' in operator)) return undefined;
  if (operator.group.by === 'key') return { key: 'key' };
  const { key, value } = operator.group;
  return value === undefined ? { key } : { key, value };
}
