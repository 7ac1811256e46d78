import { checkBatch } from '../codec/batch-check.ts';
import { filterBatch } from '../codec/batch-filter.ts';
import { batchBaseOffset, batchLastOffset } from '../codec/batch-header.ts';
import { StorageError, isStreamsError } from '../../topology/core/errors.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import { guarded } from './environment.ts';
import type { Environment } from './environment.ts';
import { batchKey } from './keys.ts';
import type { PartitionState } from './topics.ts';

/** What a read of a partition found. */
export interface Found {
  readonly batches: Buffer[];
  readonly nextOffset: number;
  readonly bytes: number;
}

/**
 * Batches with records at or after `offset`, about `maxBytes` of them and at least one. Records
 * below the log start are cut off.
 * @throws {StorageError} LOG_CORRUPT naming partition and offset
 */
export function readBatches(
  environment: Environment,
  place: TopicPartition & { readonly id: number; readonly offset: number },
  state: PartitionState,
  maxBytes: number,
): Found {
  const { id, partition, offset } = place;
  const from = Math.max(offset, state.start);
  if (from >= state.end) return { batches: [], nextOffset: from, bytes: 0 };
  return guarded(environment.path, () => {
    const batches: Buffer[] = [];
    let bytes = 0;
    let nextOffset = state.end;
    const start = firstKey(environment, id, partition, from);
    for (const { value } of environment.range(start, batchKey(id, partition + 1, 0))) {
      if (batches.length > 0 && bytes >= maxBytes) {
        nextOffset = batchLastOffset(batches.at(-1) as Buffer) + 1;
        break;
      }
      checked(value, place);
      if (batchLastOffset(value) < from) continue;
      bytes += value.length;
      batches.push(value);
    }
    const first = batches[0];
    if (first !== undefined && offset < from && batchBaseOffset(first) < from) {
      const cut = filterBatch(first, (record) => record.offset >= from);
      batches.splice(0, 1, ...(cut === undefined ? [] : [cut]));
    }
    return { batches, nextOffset, bytes };
  });
}

/** Key of the batch that may hold `offset`: the last one that begins at or before it. */
export function firstKey(
  environment: Environment,
  id: number,
  partition: number,
  offset: number,
): Buffer {
  const exact = batchKey(id, partition, offset);
  // Most reads go on where the one before ended, which is where a batch begins.
  for (const key of environment.keys(exact, batchKey(id, partition + 1, 0))) {
    if (key.equals(exact)) return exact;
    break;
  }
  return environment.last(exact, batchKey(id, partition, 0))?.key ?? batchKey(id, partition, 0);
}

function checked(batch: Buffer, place: TopicPartition & { readonly offset: number }): void {
  try {
    checkBatch(batch);
  } catch (error) {
    if (!isStreamsError(error)) throw error;
    const { topic, partition, offset } = place;
    throw new StorageError(
      'LOG_CORRUPT',
      `the log is damaged in ${partitionId(topic, partition)} at or after offset ${offset}: ` +
        `${error.message}. Restore the data folder from a backup, or delete the topic's records ` +
        'up to there',
      { cause: error, place: { topic, partition, offset } },
    );
  }
}
