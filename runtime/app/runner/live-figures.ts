import type { CallStatus } from '../../calls/call-status.ts';

/** How far the restore of a member's tasks is. Records are changelog offsets. */
export interface RestoringFigures {
  readonly tasks: number;
  readonly done: number;
  readonly total: number;
  /** Estimate, ms; absent while it cannot be told. */
  readonly leftMs?: number;
}

/** What a running application says of itself, about once a second. */
export interface LiveFigures {
  /** Wall clock, ms. */
  readonly asOfMs: number;
  /** Records taken and committed since it started, and how many of them in a second lately. */
  readonly records: number;
  readonly perSecond: number;
  /** Records that it sent to the dead letters since it started. */
  readonly deadLettered: number;
  readonly commits: number;
  /** Tasks that run in it, beside those that are restored. */
  readonly tasks: number;
  /** Members of its group; 1 where the log knows no others. */
  readonly members: number;
  /** Absent: nothing is restored. */
  readonly restoring?: RestoringFigures;
  /** What the calls of each stage are doing; empty where it makes none. */
  readonly calls: readonly CallStatus[];
}
