import type { AvroEnum, AvroRecord, AvroType } from '../core/avro.ts';
import type { EdgeType } from '../core/edge.ts';
import type {
  CallEffect,
  Definition,
  SinkDef,
  StageDef,
  StoreDef,
  TopicDef,
} from '../definition/definition.ts';

/**
 * The Graph: a definition whose names are resolved and whose edges are typed (design.md 2).
 * Immutable, made by `check(definition, catalog)` alone. All maps are in order of names, so that
 * equal definitions give equal graphs however their keys were ordered.
 */
export interface Graph {
  readonly definition: Definition;
  /** Streams and tables that are declared, read or not. */
  readonly sources: ReadonlyMap<string, GraphSource>;
  readonly stages: ReadonlyMap<string, GraphStage>;
  /** Stores that are declared for `process` stages. */
  readonly stores: ReadonlyMap<string, GraphStore>;
  readonly calls: ReadonlyMap<string, GraphCall>;
}

/** Where an edge begins: a stream or table, or an output port of a stage. */
export type GraphRef =
  | { readonly kind: 'source'; readonly name: string }
  | { readonly kind: 'stage'; readonly name: string; readonly port: string };

export interface GraphSource {
  readonly kind: 'stream' | 'table' | 'global-table';
  readonly name: string;
  readonly def: TopicDef;
  readonly type: EdgeType;
  /** Name of a table's store, where it gets one. Absent for streams. */
  readonly store?: string;
  /** The author asked for the store, so it is there even if nothing in the topology reads it. */
  readonly explicitStore: boolean;
}

export interface GraphInput {
  readonly name: string;
  /** Several are merged. */
  readonly from: readonly GraphRef[];
  /** Which of `from` (by index) close a cycle through `compensates`. */
  readonly feedback: readonly boolean[];
  /** Expression for a new key. */
  readonly rekey?: string;
  /** What arrives. */
  readonly incoming: EdgeType;
  /** What the operator sees: `incoming` with the new key. */
  readonly type: EdgeType;
}

export interface GraphSink {
  readonly def: SinkDef;
  /** The streams that it may write to: one, or several where the stream is chosen by expression. */
  readonly streams: readonly string[];
  /** What is written, after the projection. */
  readonly type: EdgeType;
}

export interface GraphStage {
  readonly name: string;
  readonly def: StageDef;
  readonly inputs: readonly GraphInput[];
  /** Joins: the table that is looked up. */
  readonly table?: GraphRef;
  readonly tableType?: EdgeType;
  /** Aggregates: what is aggregated, after `group-by`. */
  readonly grouped?: EdgeType;
  /** Dedupe: type of what makes two records the same. */
  readonly dedupeKey?: AvroType;
  /**
   * Output port → type. The port is `out` for operators with one output of their own; `split`,
   * `call` and `process` name theirs, and a dedupe's conflicts have the name that the author gave
   * them.
   */
  readonly outputs: Readonly<Record<string, EdgeType>>;
  /**
   * The port that `to` sends and a bare reference means; undefined where the author must say which.
   */
  readonly main?: string;
  readonly sinks: readonly GraphSink[];
}

export interface GraphStore {
  readonly name: string;
  readonly def: StoreDef;
  readonly key: AvroType;
  readonly value: AvroType;
}

export interface GraphCall {
  readonly name: string;
  readonly request: AvroRecord;
  readonly reply: AvroType;
  /** What a repeat of a request means; where the file says nothing the default. */
  readonly effect: CallEffect;
}

/**
 * The only input of a stage that is no `process`. Poisoned graphs may lack it, graphs that passed
 * the checks do not.
 */
export function mainInput(stage: GraphStage): GraphInput | undefined {
  return stage.inputs[0];
}

/** Text form of a reference, as an author would write it. */
export function refText(ref: GraphRef): string {
  return ref.kind === 'source' || ref.port === 'out' ? ref.name : `${ref.name}.${ref.port}`;
}

/**
 * The enum that the outcomes of a call are exhaustive over, or undefined if the type is none
 * (nullable counts as none).
 */
export function asEnum(type: AvroType): AvroEnum | undefined {
  return type.kind === 'enum' ? type : undefined;
}
