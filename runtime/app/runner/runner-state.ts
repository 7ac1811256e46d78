import { IllegalStateError } from '../../../topology/core/errors.ts';

/**
 * States of an application under a runner, and what leads from one to the next:
 *
 * ```
 *  STARTING ──▶ RUNNING ──close──▶ STOPPED
 *    ▲  │          │
 *    │  └─ error ──┴──▶ FAILED        (nothing but a change would help, or it is a job)
 *    │             │
 *    └── wait ── RESTARTING ──close──▶ STOPPED
 * ```
 */
export type RunnerState = 'starting' | 'running' | 'restarting' | 'failed' | 'stopped';

const transitions: Readonly<Record<RunnerState, readonly RunnerState[]>> = {
  starting: ['running', 'restarting', 'failed', 'stopped'],
  running: ['restarting', 'failed', 'stopped'],
  restarting: ['starting', 'stopped'],
  failed: [],
  stopped: [],
};

/** The state `to`, if it may follow `from`. @throws {IllegalStateError} RUNNER_STATE */
export function nextRunnerState(from: RunnerState, to: RunnerState): RunnerState {
  if (transitions[from].includes(to)) return to;
  throw new IllegalStateError('RUNNER_STATE', `an application cannot go from ${from} to ${to}`);
}
