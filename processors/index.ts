export { CallReply } from './call-reply.ts';
export {
  type CallContext,
  CallFailure,
  type CallFailureKind,
  type CallFinding,
  type CallHandler,
  type CallLookup,
  lookupName,
} from './call-handler.ts';
export { compileStage } from './compile-stage.ts';
export { effect } from './effect.ts';
export type { StageEnvironment } from './environment.ts';
export { planEnvironment } from './plan-environment.ts';
export { distinctByKey, scanByKey } from './keyed.ts';
export { type AsyncFunction, mapAsync, type MapAsyncOptions } from './map-async.ts';
export type { KeyValue } from './operators/map.ts';
export { tableSource } from './operators/table-source.ts';
export { addOutcomes, newOutcomes, outcomeNames, type Outcomes } from './outcomes.ts';
export type {
  ProcessContext,
  ProcessInputs,
  ProcessOutputs,
  ProcessStage,
  ProcessStores,
} from './process.ts';
export { Relay, type RecordObserver } from './relay.ts';
export type {
  CallIntent,
  Punctuation,
  Stage,
  StageContext,
  StageInputs,
  StageOutputs,
} from './stage.ts';
export type { KeyValueStore, ReadOnlyKeyValueStore, StoreRow } from './store.ts';
export { type Header, noHeaders, StreamRecord } from '../topology/core/record.ts';
