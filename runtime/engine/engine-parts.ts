import type { CallHandler, CallLookup } from '../../processors/call-handler.ts';
import type { Clock } from '../../topology/core/clock.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { GroupOptions, Log, StateBackend } from '../ports.ts';
import type { RecordFailure } from '../task/attempt.ts';
import type { CompiledSubTopology } from '../task/compiled.ts';
import type { CrashPoint } from './committer.ts';
import type { CompiledEngineOptions } from './engine-options.ts';
import type { GlobalTables } from './global-tables.ts';
import type { SchemaCache } from './schema-cache.ts';
import type { TaskFactory } from './task-factory.ts';

/** What an engine is made of. */
export interface EngineParts {
  readonly plan: Plan;
  readonly topologies: readonly CompiledSubTopology[];
  readonly log: Log;
  readonly state: StateBackend;
  readonly clock: Clock;
  readonly options: CompiledEngineOptions;
  readonly cache: SchemaCache;
  readonly globals: GlobalTables;
  readonly handler: (call: string) => CallHandler;
  /** The look-up of a call; undefined: it has none. */
  readonly lookup: (call: string) => CallLookup | undefined;
  readonly isReply: (call: string) => (reply: unknown) => boolean;
  readonly laneKey: (key: unknown) => unknown;
  readonly random: () => number;
  /** Stable identity of this member, kept in the data folder. */
  readonly slot: string;
  /** Topic → partition count. */
  readonly partitionsOf: (topic: string) => number;
  /** What a group of several members is told beside the tasks. @defaultValue nothing */
  readonly group?: Pick<
    GroupOptions,
    'standbyReplicas' | 'endpoint' | 'plan' | 'admit' | 'tasksOf' | 'announce'
  >;
  /** Told of what a person should know: a store that is rebuilt, a long restore. */
  readonly report: (message: string) => void;
  /** Makes tasks; gets the engine's callbacks. */
  readonly factory: (callbacks: TaskCallbacks) => TaskFactory;
  /** Crash points (tests). @defaultValue none */
  readonly probe?: (point: CrashPoint) => void;
}

export interface TaskCallbacks {
  readonly wake: () => void;
  /** A completed batch sent a record to the dead letters, under this policy. */
  readonly recordFailed: (failure: RecordFailure) => void;
}
