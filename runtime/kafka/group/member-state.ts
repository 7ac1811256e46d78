import { IllegalStateError } from '../../../topology/core/errors.ts';

/**
 * States of a membership, and what leads from one to the next:
 *
 * ```
 *  UNJOINED ──▶ JOINING ──JoinGroup──▶ SYNCING ──SyncGroup──▶ STABLE
 *                │  ▲                     │                      │
 *                │  └── the group changes, a request failed ◀────┘
 *                ▼
 *     from each: LEAVING ──▶ LEFT       FAILED (fenced, refused, a callback threw)
 * ```
 *
 * Tasks are kept through all of it: what a member has changes after a SyncGroup alone, or when it is expelled.
 */
export type MemberState =
  'unjoined' | 'joining' | 'syncing' | 'stable' | 'leaving' | 'left' | 'failed';

const transitions: Readonly<Record<MemberState, readonly MemberState[]>> = {
  unjoined: ['joining', 'leaving', 'failed'],
  joining: ['joining', 'syncing', 'leaving', 'failed'],
  syncing: ['joining', 'stable', 'leaving', 'failed'],
  stable: ['joining', 'leaving', 'failed'],
  leaving: ['left', 'failed'],
  left: [],
  failed: [],
};

/**
 * The state that follows.
 * @throws {IllegalStateError} MEMBER_STATE where the table does not have it
 */
export function next(from: MemberState, to: MemberState): MemberState {
  if (!transitions[from].includes(to)) {
    throw new IllegalStateError('MEMBER_STATE', `a group member cannot go from ${from} to ${to}`);
  }
  return to;
}
