import { IllegalStateError } from '../../topology/core/errors.ts';

/**
 * States of an engine, and what leads from one to the next:
 *
 * ```
 *  CREATED ──start──▶ STARTING ──▶ RUNNING ──close──▶ CLOSING ──▶ CLOSED
 *                        │            │
 *                        └── error ───┴──▶ FAILED ──close──▶ CLOSED
 * ```
 */
export type EngineState = 'created' | 'starting' | 'running' | 'failed' | 'closing' | 'closed';

const transitions: Readonly<Record<EngineState, readonly EngineState[]>> = {
  created: ['starting', 'closed'],
  starting: ['running', 'failed', 'closing'],
  running: ['failed', 'closing'],
  failed: ['closing'],
  closing: ['closed'],
  closed: [],
};

/** The state `to`, if it may follow `from`. @throws {IllegalStateError} ENGINE_STATE */
export function nextState(from: EngineState, to: EngineState): EngineState {
  if (transitions[from].includes(to)) return to;
  throw new IllegalStateError('ENGINE_STATE', `an engine cannot go from ${from} to ${to}`);
}
