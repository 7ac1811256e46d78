import { ProductionError, type StreamsError } from '../../../topology/core/errors.ts';
import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { Refusal } from './transaction-reactions.ts';

/** Nothing of the transaction is visible; its batches are to be run again. */
export function transactionAborted(group: string, why: string, cause?: unknown): StreamsError {
  return new ProductionError(
    'TRANSACTION_ABORTED',
    `a transaction of application "${group}" was aborted and runs again: ${why}`,
    { cause },
  );
}

/** The outcome of a commit that no group has positions of. */
export function commitUnknown(transactionalId: string, cause: unknown): StreamsError {
  return new ProductionError(
    'COMMIT_UNKNOWN',
    `a broker failed as it committed a transaction of "${transactionalId}", and nobody knows whether it did: ` +
      'start again, so that what was written is looked up',
    { cause },
  );
}

/** A single record that the topic does not take. */
export function recordTooLarge({ place, batch, error }: Refusal): StreamsError {
  const { topic = '', partition = 0 } = place;
  return new ProductionError(
    'RECORD_TOO_LARGE',
    `a record of ${batch?.bytes ?? 0} bytes for ${partitionId(topic, partition)} is larger than the topic takes: ` +
      'raise its max.message.bytes, or write smaller records',
    { cause: error, place },
  );
}
