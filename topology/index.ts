/**
 * The language: reading, building, checking, planning and describing topologies. Public entry point
 * `millrace/topology`.
 */
export type {
  AvroEnum,
  AvroField,
  AvroFixed,
  AvroPrimitive,
  AvroRecord,
  AvroType,
  FilePosition,
  SchemaCatalog,
} from './core/avro.ts';
export type { EdgeType } from './core/edge.ts';
export type { ErrorPlace } from './core/errors.ts';
export {
  ConfigError,
  IllegalStateError,
  isStreamsError,
  ProcessingError,
  ProductionError,
  SerdeError,
  StorageError,
  StreamsError,
  TaskCorruptedError,
  TaskMigratedError,
} from './core/errors.ts';
export type { DefinitionPath, Problem, ProblemNote } from './core/problem.ts';
export type { Header } from './core/record.ts';
export { noHeaders, StreamRecord } from './core/record.ts';
export type { TopicPartition } from './core/topic-partition.ts';

export type {
  BreakerDef,
  CallDef,
  CallEffect,
  CallOperatorDef,
  Definition,
  ErrorPolicyDef,
  Fn,
  Format,
  Grouping,
  HaltAbove,
  InputDef,
  OperatorDef,
  OperatorKind,
  OutcomeDef,
  OutputDef,
  ParkByKey,
  PunctuateDef,
  Ref,
  RetryDef,
  SinkDef,
  StageDef,
  StoreDef,
  StreamDef,
  TableDef,
  TopicDef,
  UnknownDef,
  ValueFn,
} from './definition/definition.ts';
export { topologyJsonSchema } from './definition/json-schema.ts';
export type { SourceMap } from './definition/source-map.ts';

export type { ParsedTopology } from './yaml/parse.ts';
export { parseTopology } from './yaml/parse.ts';

export type { AnyStream, BuiltTopology, Stream, TopologyOptions } from './dsl/builder.ts';
export { topology, TopologyBuilder } from './dsl/builder.ts';
export type {
  BreakerOptions,
  CallOptions,
  EffectOption,
  OutcomeSpec,
  RetryOptions,
  ServiceOptions,
  UnknownSpec,
} from './dsl/call.ts';
export type { Expression } from './dsl/expr.ts';
export { expr } from './dsl/expr.ts';
export { GlobalKTable } from './dsl/global-table.ts';
export { KGrouped, KStream, KTable } from './dsl/handles.ts';
export type {
  ErrorPolicy,
  OutputSpec,
  PunctuateOptions,
  StageOptions,
  StoreOptions,
  StreamOptions,
  TableOptions,
} from './dsl/options.ts';
export { output } from './dsl/options.ts';
export type { SinkSpec } from './dsl/sinks.ts';
export type {
  AggregateSpec,
  DedupeOptions,
  JoinOptions,
  JoinSpec,
  KeyValue,
  MapSpec,
  ProcessOptions,
  ReduceSpec,
  StoredOptions,
} from './dsl/specs.ts';
export type { FnSpec, Projection, Use, ValueSpec } from './dsl/use.ts';
export { use } from './dsl/use.ts';

export type {
  CompiledExpression,
  ExpressionProblem,
  ExpressionResult,
  ExpressionScope,
} from './expression/expression.ts';
export { compileExpression } from './expression/compile.ts';
export { compileProjection } from './expression/projection.ts';

export type { CheckResult } from './graph/check.ts';
export { check } from './graph/check.ts';
export type {
  Graph,
  GraphCall,
  GraphInput,
  GraphRef,
  GraphSink,
  GraphSource,
  GraphStage,
  GraphStore,
} from './graph/graph.ts';

export { withoutFollowOns } from './check/follow-ons.ts';
export type { JsonProblem } from './check/render-json.ts';
export { problemsToJson } from './check/render-json.ts';
export type { RenderOptions } from './check/render.ts';
export { renderProblems } from './check/render.ts';
export type { ProblemCode } from './codes.ts';
export { problemCodes } from './codes.ts';

export { comparablePlan } from './plan/comparable-plan.ts';
export type { PlanDescription } from './plan/describe-json.ts';
export { describeJson } from './plan/describe-json.ts';
export { describeMermaid } from './plan/describe-mermaid.ts';
export { describeText } from './plan/describe-text.ts';
export type { PlanOptions } from './plan/partitions.ts';
export type {
  CallPlan,
  GlobalTable,
  NodeOutput,
  Parking,
  Plan,
  PlanNode,
  PlanOperator,
  SinkNode,
  SourceNode,
  StageNode,
  StorePlan,
  SubTopology,
  TopicPlan,
} from './plan/plan.ts';
export { plan } from './plan/planner.ts';
