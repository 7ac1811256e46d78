import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import { compressBatch } from '../../codec/batch-compression.ts';
import { batchCount } from '../../codec/batch-header.ts';
import type { Compression } from '../../codec/compression.ts';
import type { Append } from '../../ports.ts';
import { splitBatch } from './split-batch.ts';

/** One batch on its way to a partition. */
export interface OutgoingBatch {
  readonly batch: Buffer;
  readonly records: number;
  /** Before compression. */
  readonly bytes: number;
  /** Index of the append that it is, or is the beginning of; undefined: a later part of one. */
  readonly append: number | undefined;
  /** Offset of its first record as soon as the broker has it. */
  offset: number | undefined;
}

/** What goes to one partition, in order. */
export interface OutgoingPartition extends TopicPartition {
  readonly batches: readonly OutgoingBatch[];
}

/**
 * Appends as batches by partition, compressed, those above `maxBytes` (of the topic, before compression) split.
 */
export function outgoingBatches(
  appends: readonly Append[],
  maxBytes: (topic: string) => number,
  compression: Compression,
): readonly OutgoingPartition[] {
  const partitions = new Map<string, TopicPartition & { readonly batches: OutgoingBatch[] }>();
  appends.forEach(({ topic, partition, batch }, index) => {
    const id = partitionId(topic, partition);
    const outgoing = partitions.get(id) ?? { topic, partition, batches: [] };
    partitions.set(id, outgoing);
    splitBatch(batch, maxBytes(topic)).forEach((part, i) => {
      outgoing.batches.push({
        batch: compressBatch(part, compression),
        records: batchCount(part),
        bytes: part.length,
        append: i === 0 ? index : undefined,
        offset: undefined,
      });
    });
  });
  return [...partitions.values()];
}
