import { ConfigError } from '../../topology/core/errors.ts';
import { type Duration, parseDuration } from '../../topology/core/duration.ts';

/** What a user may say about how an application runs; every field has a default. Durations are text (`100ms`) or ms. */
export interface EngineOptions {
  readonly commit?: {
    /** Commit at the latest this long after the first completed batch. @defaultValue 100ms */
    readonly interval?: Duration;
    /** Most commits per second; an idle application commits at once, but not more often. @defaultValue 100 */
    readonly 'max-rate'?: number;
    /** Commit when the outputs of a transaction reach this size, bytes. @defaultValue 8 MiB */
    readonly 'max-bytes'?: number;
  };
  /** Wait this long for an empty input partition before processing the others; -1: never waits, not even for a fetch. @defaultValue 0 */
  readonly 'max-task-idle'?: Duration | -1;
  /** A record later than the wall clock by more than this goes to the dead letters; 'unlimited': no bound. @defaultValue 1h */
  readonly 'max-future'?: Duration | 'unlimited';
  /** Time that a stage may take for a batch. @defaultValue 30s */
  readonly 'stage-budget'?: Duration;
  /** Most records in a batch. @defaultValue 1000 */
  readonly 'batch-records'?: number;
  /** Bytes of decoded state kept in memory, all stores of the member together. @defaultValue 64 MiB */
  readonly 'store-cache'?: number;
  /** Fetched bytes that wait per task, at most about. @defaultValue 4 MiB */
  readonly 'fetch-bytes'?: number;
  /** Unfinished calls of a stage at which its inputs pause, each task for itself; those of `max-parked-calls` do not count. @defaultValue 10000 */
  readonly 'max-open-calls'?: number;
  /** Calls of a stage that are parked, held, or wait behind such a one of their key, at which its inputs pause, each task for itself. @defaultValue 20000 */
  readonly 'max-parked-calls'?: number;
  /** How long requests of calls that are under way may take to be answered when the application stops; 0: they are given up at once. @defaultValue 5s */
  readonly 'call-grace'?: Duration;
  /** Cuts batches at random, to find stages whose result depends on the cuts. */
  readonly 'random-cuts'?: { readonly seed: number };
}

/** {@link EngineOptions} as the engine reads them: all set, times in ms, sizes in bytes. */
export interface CompiledEngineOptions {
  readonly commitIntervalMs: number;
  readonly commitSpacingMs: number;
  readonly commitMaxBytes: number;
  readonly maxTaskIdleMs: number;
  readonly maxFutureMs: number | undefined;
  readonly stageBudgetMs: number;
  readonly batchRecords: number;
  readonly storeCacheBytes: number;
  readonly fetchBytes: number;
  readonly maxOpenCalls: number;
  readonly maxParkedCalls: number;
  readonly callGraceMs: number;
  readonly randomCutsSeed: number | undefined;
}

const mebibyte = 1024 * 1024;

/**
 * Checks and completes options.
 * @throws {ConfigError} OPTION_DURATION, OPTION_RANGE
 */
export function compileEngineOptions(options: EngineOptions = {}): CompiledEngineOptions {
  const commit = options.commit ?? {};
  const idle = options['max-task-idle'] ?? 0;
  const future = options['max-future'] ?? '1h';
  return Object.freeze({
    commitIntervalMs: parseDuration(commit.interval ?? '100ms', 'commit.interval'),
    commitSpacingMs: Math.floor(1000 / positive(commit['max-rate'] ?? 100, 'commit.max-rate')),
    commitMaxBytes: positive(commit['max-bytes'] ?? 8 * mebibyte, 'commit.max-bytes'),
    maxTaskIdleMs: idle === -1 ? -1 : parseDuration(idle, 'max-task-idle'),
    maxFutureMs: future === 'unlimited' ? undefined : parseDuration(future, 'max-future'),
    stageBudgetMs: parseDuration(options['stage-budget'] ?? '30s', 'stage-budget'),
    batchRecords: whole(options['batch-records'] ?? 1000, 'batch-records'),
    storeCacheBytes: positive(options['store-cache'] ?? 64 * mebibyte, 'store-cache'),
    fetchBytes: positive(options['fetch-bytes'] ?? 4 * mebibyte, 'fetch-bytes'),
    maxOpenCalls: whole(options['max-open-calls'] ?? 10_000, 'max-open-calls'),
    maxParkedCalls: whole(options['max-parked-calls'] ?? 20_000, 'max-parked-calls'),
    callGraceMs: parseDuration(options['call-grace'] ?? '5s', 'call-grace'),
    randomCutsSeed: options['random-cuts']?.seed,
  });
}

function positive(value: number, what: string): number {
  if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) {
    throw new ConfigError('OPTION_RANGE', `${what} is ${value}; it must be a number above 0`);
  }
  return value;
}

function whole(value: number, what: string): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new ConfigError('OPTION_RANGE', `${what} is ${value}; it must be a whole number from 1`);
  }
  return value;
}
