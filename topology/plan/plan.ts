import type { AvroType } from '../core/avro.ts';
import type { EdgeType } from '../core/edge.ts';
import type { SubjectStrategy } from '../core/subject.ts';
import type {
  CallEffect,
  ErrorPolicyDef,
  Format,
  OperatorDef,
  ParkByKey,
  PunctuateDef,
  SinkDef,
  ValueFn,
} from '../definition/definition.ts';

export type { EdgeType } from '../core/edge.ts';

/**
 * The Plan: what will run. Sub-topologies, their nodes with resolved inputs and types, topics and
 * stores. Immutable; made by `plan(graph)` alone.
 *
 * Names are the authors': a node is called like its stage, stream or table; derived nodes add a
 * suffix (`reserve-take-repartition`). Nothing is named by position.
 */
export interface Plan {
  readonly application: string;
  /** Relative folder of processors, as written. */
  readonly processors?: string;
  /** Sorted by id. */
  readonly subTopologies: readonly SubTopology[];
  /** Tables that every member holds in full. Their stores are read-only for stages. */
  readonly globalTables: readonly GlobalTable[];
  /** Every topic that is read or written, internal ones included; by name. */
  readonly topics: ReadonlyMap<string, TopicPlan>;
  /** Every store, by name. */
  readonly stores: ReadonlyMap<string, StorePlan>;
  readonly calls: ReadonlyMap<string, CallPlan>;
  /** What happens to a failing record where its stage says nothing. */
  readonly errors: ErrorPolicyDef;
}

export interface SubTopology {
  /**
   * The alphabetically first of its stages' names (of its sinks' and sources', where it has no
   * stage): it does not depend on position.
   */
  readonly id: string;
  /** In topological order: every node stands after its inputs. Equal inputs give equal order. */
  readonly nodes: readonly PlanNode[];
  /** Topics whose partitions make the tasks: all have `partitions` partitions. */
  readonly sourceTopics: readonly string[];
  readonly stores: readonly string[];
  /** Number of tasks. */
  readonly partitions: number;
  /** Present where a stage's error policy (or the default) is to park by key. */
  readonly parking?: Parking;
}

/** How the tasks of a sub-topology hold records of keys that have a dead letter. */
export interface Parking extends ParkByKey {
  /** `<sub-topology>-parked`: keys that are parked, and the records that wait. */
  readonly store: string;
  /**
   * Source topics whose records may be held. Those of tables are not: a table says what is, and is
   * restored from its topic; its record that fails is a plain dead letter.
   */
  readonly topics: readonly string[];
}

export interface NodeOutput {
  readonly node: string;
  /** 'out' where the node has one output. */
  readonly output: string;
}

export type PlanNode = SourceNode | StageNode | SinkNode;

export interface SourceNode {
  readonly kind: 'source';
  /** Name of the stream or table, or `<name>-repartition-source`. */
  readonly name: string;
  readonly topics: readonly string[];
  readonly type: EdgeType;
  readonly format: Format;
  /** CEL expression for the record's time; absent: the log's time stamp. */
  readonly time?: string;
  readonly timeUnit?: 'ms' | 's' | 'us';
  readonly offsetReset: 'earliest' | 'latest' | 'none';
  /**
   * Set where the source is a table that is materialised: rows go into this store, null keys are
   * dropped.
   */
  readonly store?: string;
  /** Table source: `old` is looked up and sent, because something below needs it. */
  readonly sendOld: boolean;
  /**
   * Set where the topic is a repartition topic of a re-grouped table: values are changes (old and
   * new).
   */
  readonly changes: boolean;
  readonly internal: boolean;
}

/** What a stage node does: an operator of the definition, or one that the planner adds. */
export type PlanOperator =
  | OperatorDef
  /**
   * New key by expression (`key` on an input, `group-by`); value unchanged unless `value` is given.
   */
  | { readonly kind: 'rekey'; readonly by: string; readonly value?: ValueFn }
  /**
   * Re-grouping of a table: one change in, one change (same group key) or two (retraction,
   * addition) out.
   */
  | { readonly kind: 'regroup'; readonly by: string; readonly value?: ValueFn };

export interface StageNode {
  readonly kind: 'stage';
  readonly name: string;
  /**
   * The stage that the author wrote, for messages and counters; = name unless the planner added the
   * node.
   */
  readonly stage: string;
  readonly operator: PlanOperator;
  /**
   * Input port → the outputs that feed it (several are merged). Join: ports 'in' and, for the
   * table, 'with' (no records flow through 'with' of a global table).
   */
  readonly inputs: Readonly<Record<string, readonly NodeOutput[]>>;
  readonly inputTypes: Readonly<Record<string, EdgeType>>;
  /**
   * Output port → type. The port is `out` for operators with one output of their own, whatever the
   * author calls it; `split`, `call` and `process` have the names that the author gave, and so have
   * the conflicts of a `dedupe`.
   */
  readonly outputs: Readonly<Record<string, EdgeType>>;
  /** Stores that the node reads or writes, by name. */
  readonly stores: readonly string[];
  /**
   * The store that holds this node's table, where it is materialised (aggregates, to-table, table
   * filter with `store`).
   */
  readonly store?: string;
  /** Table nodes: changes carry `old`. */
  readonly sendOld: boolean;
  readonly punctuate: Readonly<Record<string, PunctuateDef>>;
  readonly errors?: ErrorPolicyDef;
}

export interface SinkNode {
  readonly kind: 'sink';
  readonly name: string;
  readonly stage: string;
  readonly input: NodeOutput;
  readonly inputType: EdgeType;
  /** The topic, or undefined where it is chosen by `sink.by`. */
  readonly topic?: string;
  /** Stream name → topic, for a dynamic sink. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Present for an authored sink: projection, key expression, dynamic choice. */
  readonly sink?: SinkDef;
  /** Type written (after projection). */
  readonly type: EdgeType;
  readonly format: Format;
  /** Expression for the partition, where it is not the key's. */
  readonly partitionBy?: string;
  readonly internal: boolean;
  /** Repartition sinks: records with a null key are dropped and counted (KIP-962 says when not). */
  readonly dropNullKeys: boolean;
  /** Repartition sink of a re-grouped table: values are written as changes. */
  readonly changes: boolean;
}

export interface GlobalTable {
  readonly name: string;
  readonly source: SourceNode;
  readonly store: string;
}

export interface TopicPlan {
  readonly name: string;
  readonly role:
    | 'stream'
    | 'table'
    | 'repartition'
    | 'changelog'
    | 'control'
    | 'dead-letter'
    | 'call-log'
    | 'resolutions'
    | 'redriven';
  /** Undefined: whatever the log has (an external topic that declares none). */
  readonly partitions?: number;
  readonly cleanup: 'delete' | 'compact';
  readonly retention: number | 'forever';
  readonly internal: boolean;
  /** Absent for control and dead-letter topics. */
  readonly key?: AvroType;
  readonly value?: AvroType;
  readonly format?: Format;
  /** Subjects of key and value in the registry; absent: after the topic. */
  readonly subject?: SubjectStrategy;
  readonly keySubject?: SubjectStrategy;
  /** Repartition topics must have as many partitions as these (co-partition group). */
  readonly coPartitionedWith: readonly string[];
}

export interface StorePlan {
  readonly name: string;
  readonly key: AvroType;
  readonly value: AvroType;
  readonly ttl: number | 'none';
  /** The compacted topic that the store is restored from. */
  readonly changelog: string;
  /** The changelog is the table's own source topic: nothing is written to it. */
  readonly sourceBacked: boolean;
  readonly global: boolean;
}

export interface CallPlan {
  readonly name: string;
  readonly request: AvroType;
  readonly reply: AvroType;
  readonly effect: CallEffect;
}
