import type { Graph, GraphInput, GraphRef, GraphStage } from './graph.ts';
import { mainInput } from './graph.ts';

/** Why an input goes through a topic of its own. */
export type Boundary =
  /** The stage needs records of one key in one partition, and the key changed before. */
  | 'repartition'
  /** A table is grouped anew: changes (old and new row) go through the topic. */
  | 'regroup';

/** What is known about keys and partitions along the edges of a graph. */
export interface Partitioning {
  /** The topic boundary in front of an input; undefined where records stay in place. */
  readonly boundary: (stage: GraphStage, input: GraphInput) => Boundary | undefined;
  /**
   * True when the key of what comes out may have changed since the records were last partitioned.
   * Marks survive what keeps the key, as in Kafka Streams.
   */
  readonly marked: (ref: GraphRef) => boolean;
  /**
   * The stage that last made the key of these records; undefined where it is still the source's.
   */
  readonly keyMadeBy: (ref: GraphRef) => string | undefined;
}

/**
 * True when records with equal keys must reach the stage in one partition: it has state, or looks
 * rows up by key.
 */
export function needsCoLocation(graph: Graph, stage: GraphStage): boolean {
  const operator = stage.def.operator;
  switch (operator.kind) {
    case 'process':
      return (operator.stores ?? []).some((store) => !isGlobalStore(graph, store));
    case 'join':
      return !isGlobalJoin(graph, stage);
    case 'dedupe':
    case 'call':
    case 'count':
    case 'reduce':
    case 'aggregate':
    case 'to-table':
      return true;
    default:
      return false;
  }
}

/** True for a join with a table that every member holds in full. */
export function isGlobalJoin(graph: Graph, stage: GraphStage): boolean {
  return (
    stage.table?.kind === 'source' && graph.sources.get(stage.table.name)?.kind === 'global-table'
  );
}

/** True for a store that every member holds in full. */
function isGlobalStore(graph: Graph, store: string): boolean {
  for (const source of graph.sources.values()) {
    if (source.store === store) return source.kind === 'global-table';
  }
  return false;
}

/** Derives marks and topic boundaries; each is found once and remembered. */
export function partitioningOf(graph: Graph): Partitioning {
  const marks = new Map<string, boolean>();
  const makers = new Map<string, string | undefined>();

  function marked(ref: GraphRef): boolean {
    if (ref.kind === 'source') return false;
    const stage = graph.stages.get(ref.name);
    if (stage === undefined) return false;
    const known = marks.get(ref.name);
    if (known !== undefined) return known;
    // A cycle has a topic boundary in it, behind which nothing is marked.
    marks.set(ref.name, false);
    const mark = changesKey(stage) ?? inPlace(stage);
    marks.set(ref.name, mark);
    return mark;
  }

  function inPlace(stage: GraphStage): boolean {
    const input = mainInput(stage);
    if (input === undefined || input.incoming.kind === 'table') return false;
    return boundary(stage, input) === undefined && inputMarked(input);
  }

  function inputMarked(input: GraphInput): boolean {
    return input.rekey !== undefined || input.from.some(marked);
  }

  function boundary(stage: GraphStage, input: GraphInput): Boundary | undefined {
    const operator = stage.def.operator;
    if (operator.kind === 'count' || operator.kind === 'reduce' || operator.kind === 'aggregate') {
      if (input.incoming.kind === 'table') return 'regroup';
      if (operator.group.by === 'expr') return 'repartition';
    }
    if (operator.kind === 'repartition' || input.feedback.includes(true)) return 'repartition';
    return needsCoLocation(graph, stage) && inputMarked(input) ? 'repartition' : undefined;
  }

  function keyMadeBy(ref: GraphRef): string | undefined {
    if (ref.kind === 'source') return undefined;
    const stage = graph.stages.get(ref.name);
    if (stage === undefined || makers.has(ref.name)) return makers.get(ref.name);
    makers.set(ref.name, undefined);
    const input = mainInput(stage);
    const operator = stage.def.operator;
    const grouped = 'group' in operator && operator.group.by === 'expr';
    const own = changesKey(stage) === true || grouped || input?.rekey !== undefined;
    const maker = own ? stage.name : input?.from.map(keyMadeBy).find((name) => name !== undefined);
    makers.set(ref.name, maker);
    return maker;
  }

  return { boundary, marked, keyMadeBy };
}

/**
 * True or false where the operator alone decides whether its output is marked; undefined where its
 * input does.
 */
function changesKey(stage: GraphStage): boolean | undefined {
  const operator = stage.def.operator;
  switch (operator.kind) {
    case 'flat-map':
    case 'process':
      return true;
    case 'map':
      return operator.key !== undefined || operator.use !== undefined ? true : undefined;
    case 'to-stream':
      return operator.key !== undefined;
    case 'count':
    case 'reduce':
    case 'aggregate':
    case 'to-table':
      return false;
    default:
      return undefined;
  }
}
