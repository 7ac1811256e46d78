/**
 * Running topologies: `millrace`.
 */
export type { ApplicationOptions, Ports } from './app/application.ts';
export { Application, startApplication } from './app/application.ts';
export type { ApplicationRunner, RunApplicationsOptions } from './app/runner/application-runner.ts';
export { runApplications } from './app/runner/application-runner.ts';
export type { LiveFigures, RestoringFigures } from './app/runner/live-figures.ts';
export type { RestartOptions } from './app/runner/restart-policy.ts';
export type { RunnerState } from './app/runner/runner-state.ts';
export type { SentRecord, TopicRecord } from './app/named-topics.ts';
export type { LetterMigration, MigratedLetter } from './app/dlq/migration.ts';
export type { OpenTopicsOptions } from './app/open-topics.ts';
export { openTopics, Topics } from './app/open-topics.ts';
export { TopologyError } from './app/topology-source.ts';
export type { SyncMode } from './embedded/durability.ts';
export type { EngineOptions } from './engine/engine-options.ts';
export type { LogFields, Logger, LogLevel } from './logger.ts';
export type {
  Append,
  Committed,
  FetchedPartition,
  FetchLimits,
  GroupOptions,
  Log,
  Membership,
  Ownership,
  PartitionEnds,
  Position,
  SchemaRegistry,
  StateBackend,
  StateTable,
  StateWrites,
  TopicAdmin,
  TopicInfo,
  TopicSpec,
  Transaction,
  Transactor,
} from './ports.ts';
export type { QueriesOptions } from './queries/queries-options.ts';
export { QueryUnavailableError } from './queries/query-errors.ts';
export type {
  AnsweredBy,
  StoreQuery,
  StoreQueryOptions,
  StoreRows,
  StoreScanOptions,
} from './queries/store-query.ts';
export type { HeldPartition, RowPlace, Staleness, StoreViewRow } from './queries/store-view.ts';
export type { ErrorPlace } from '../topology/core/errors.ts';
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
} from '../topology/core/errors.ts';
