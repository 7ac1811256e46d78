import type { ProcessIdentity } from '../../embedded/process-identity.ts';
import type { LiveFigures } from '../runner/live-figures.ts';
import type { RunnerState } from '../runner/runner-state.ts';

/** A failure as a status file has it. */
export interface FailureStatus {
  /** Absent: an error that is not of this library. */
  readonly code?: string;
  readonly message: string;
  /** Wall clock, ms. */
  readonly atMs: number;
}

/**
 * What a runner writes about once a second of each application that it runs: one file per application and runner in the data folder. The figures of a process that has
 * died stay: who reads them compares `writer` and `writtenMs`.
 */
export interface MemberStatus {
  readonly version: 1;
  readonly application: string;
  /** Its topology file, absolute. */
  readonly file: string;
  readonly state: RunnerState;
  /** Wall clock, ms. */
  readonly sinceMs: number;
  /** How often it was started again. */
  readonly restarts: number;
  /** Of the process that it runs in; absent while it does not run. */
  readonly pid?: number;
  /** When it is started again; wall clock, ms. Present where it is `restarting`. */
  readonly nextStartMs?: number;
  readonly lastFailure?: FailureStatus;
  /** Where it answers queries. */
  readonly endpoint?: string;
  /** Absent while it does not run. */
  readonly figures?: LiveFigures;
  /** The runner's process, which wrote this. */
  readonly writer: ProcessIdentity;
  readonly writtenMs: number;
}
