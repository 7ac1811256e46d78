import { setTimeout as sleep } from 'node:timers/promises';
import { isStreamsError } from '../../topology/core/errors.ts';
import type { Committed, Membership, Transaction, Transactor } from '../ports.ts';

/** Longest pause between two attempts, ms. */
const longestPauseMs = 1000;
/** Minutes, where each attempt fails at once; a log that aborts for good says so in the end. */
const mostAttempts = 300;

/**
 * Commits a transaction for somebody who has no engine that processes its input again: one that was
 * aborted, of which nothing is visible, is committed anew.
 * @throws {ProductionError} TRANSACTION_ABORTED when it was, again and again
 * @throws what else {@link Transactor.commit} throws
 */
export async function commitAgain(
  transactor: Transactor,
  transaction: Transaction,
  membership: Membership,
): Promise<Committed> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transactor.commit(transaction, membership);
    } catch (error) {
      const aborted = isStreamsError(error) && error.code === 'TRANSACTION_ABORTED';
      if (!aborted || attempt === mostAttempts) throw error;
    }
    await sleep(Math.min(longestPauseMs, attempt * 10));
  }
}
