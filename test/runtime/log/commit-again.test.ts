import { describe, expect, test } from 'vitest';
import { commitAgain } from '../../../runtime/log/commit-again.ts';
import type { Membership, Transaction, Transactor } from '../../../runtime/ports.ts';
import { ProductionError, TaskMigratedError } from '../../../topology/core/errors.ts';

const membership: Membership = {
  group: 'g',
  memberId: 'm',
  generation: 1,
  leave: () => Promise.resolve(),
};
const transaction: Transaction = { appends: [], positions: [] };
const aborted = new ProductionError('TRANSACTION_ABORTED', 'the connection broke');

/** Rejects with each of the errors in turn, then commits. */
function failing(errors: readonly Error[]): Transactor & { readonly seen: readonly Transaction[] } {
  const left = [...errors];
  const seen: Transaction[] = [];
  return {
    seen,
    async commit(given) {
      seen.push(given);
      const error = left.shift();
      if (error !== undefined) throw error;
      return { baseOffsets: [7] };
    },
    close: () => Promise.resolve(),
  };
}

describe('commitAgain', () => {
  test('commits once where nothing fails', async () => {
    const transactor = failing([]);
    const committed = await commitAgain(transactor, transaction, membership);
    expect(committed).toEqual({ baseOffsets: [7] });
    expect(transactor.seen).toEqual([transaction]);
  });

  test('commits the same transaction again until it is not aborted', async () => {
    const transactor = failing([aborted, aborted]);
    const committed = await commitAgain(transactor, transaction, membership);
    expect(committed).toEqual({ baseOffsets: [7] });
    expect(transactor.seen).toEqual([transaction, transaction, transaction]);
  });

  test('passes on at once what is no abort', async () => {
    const fenced = new TaskMigratedError('FENCED', 'another producer');
    const transactor = failing([aborted, fenced]);
    await expect(commitAgain(transactor, transaction, membership)).rejects.toBe(fenced);
    expect(transactor.seen).toHaveLength(2);
  });
});
