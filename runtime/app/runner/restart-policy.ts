import { type Duration, parseDuration } from '../../../topology/core/duration.ts';
import { ConfigError, isStreamsError } from '../../../topology/core/errors.ts';
import { TopologyError } from '../topology-source.ts';
import { ChildEndedError } from './child-ended-error.ts';

/** When an application that failed is started again. */
export interface RestartOptions {
  /** Wait before the first restart; it doubles with each failure after that. @defaultValue '1s' */
  readonly first?: Duration;
  /** Longest wait. @defaultValue '1m' */
  readonly max?: Duration;
  /** An application that ran for so long is healthy: the next wait is the first again. @defaultValue '1m' */
  readonly healthy?: Duration;
}

/** {@link RestartOptions}, checked. */
export interface CompiledRestartOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly healthyMs: number;
}

/** @throws {ConfigError} OPTION_DURATION */
export function compileRestartOptions(options: RestartOptions): CompiledRestartOptions {
  const firstMs = parseDuration(options.first ?? '1s', 'restart.first');
  const maxMs = parseDuration(options.max ?? '1m', 'restart.max');
  const healthyMs = parseDuration(options.healthy ?? '1m', 'restart.healthy');
  return Object.freeze({ firstMs, maxMs: Math.max(firstMs, maxMs), healthyMs });
}

/**
 * Wait before the next start, ms, after `failures` in a row (from 1). Half of it is fixed, half is random, so that what failed together does not come back
 * together and no wait is nothing. `random` gives [0, 1).
 */
export function restartDelayMs(
  { firstMs, maxMs }: CompiledRestartOptions,
  failures: number,
  random: () => number,
): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 52));
  return Math.round(ceiling * (0.5 + random() / 2));
}

/**
 * Configuration errors that pass without anybody's doing: another process has the application, or the port, and may be about to end.
 */
const passing: ReadonlySet<string> = new Set(['APPLICATION_OWNED', 'QUERIES_LISTEN']);

/**
 * True for an error that another start would only meet again, until somebody changes a file, a setting or a topic: {@link ConfigError} and problems of the
 * topology. All others may pass (a disk that is full, a broker that is away, a poisonous record that is taken off).
 */
export function isFinal(error: unknown): boolean {
  if (!isStreamsError(error)) return false;
  if (error instanceof ChildEndedError) return error.final;
  if (error instanceof TopologyError) return true;
  return error instanceof ConfigError && !passing.has(error.code);
}
