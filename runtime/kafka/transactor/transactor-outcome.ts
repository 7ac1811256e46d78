import { IllegalStateError } from '../../../topology/core/errors.ts';
import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import type { Membership } from '../../ports.ts';
import type { KafkaMembership } from '../group/kafka-membership.ts';
import { byLeader } from '../leaders.ts';
import { mayPass } from '../patience.ts';
import type { KafkaWire } from '../wire.ts';
import type { BatchLimits } from './batch-limits.ts';
import type { OutgoingPartition } from './outgoing-batches.ts';
import { Refusal } from './transaction-reactions.ts';
import { recordTooLarge, transactionAborted } from './transactor-errors.ts';

/** Offset of the first record of each append. */
export function baseOffsetsOf(outgoing: readonly OutgoingPartition[]): readonly number[] {
  const offsets: number[] = [];
  for (const { batches } of outgoing) {
    for (const { append, offset } of batches) {
      if (append !== undefined) offsets[append] = offset ?? -1;
    }
  }
  return offsets;
}

/**
 * What a failure of a commit, whose transaction is aborted by now, is for the engine: TRANSACTION_ABORTED where the same batches may be run again. Tells
 * the membership if the group does not know it, and the limits if a batch was too large.
 */
export function failureOf(failure: unknown, member: KafkaMembership, limits: BatchLimits): unknown {
  if (!(failure instanceof Refusal)) {
    if (!mayPass(failure)) return failure;
    return transactionAborted(member.group, (failure as Error).message, failure);
  }
  const { reaction, error, batch, place } = failure;
  if (reaction === 'refused') return error;
  if (reaction === 'expelled') member.expelled(error);
  if (reaction === 'split' && batch !== undefined) {
    if (batch.records === 1) return recordTooLarge(failure);
    limits.lower(place.topic ?? '', batch.bytes);
  }
  return transactionAborted(member.group, error.message, error);
}

/**
 * Looks the topics of a transaction up before anything of it is sent.
 * @throws {ConfigError} TOPIC_UNKNOWN, PARTITION_UNKNOWN
 * @throws {StreamsError} TRANSACTION_ABORTED where no broker can be asked at the moment
 */
export async function findTopics(
  wire: KafkaWire,
  partitions: readonly TopicPartition[],
  member: KafkaMembership,
): Promise<void> {
  try {
    await byLeader(wire, partitions);
  } catch (error) {
    if (!mayPass(error)) throw error;
    throw transactionAborted(member.group, (error as Error).message, error);
  }
}

/** The membership as one of a Kafka group. */
export function onKafka(membership: Membership): KafkaMembership {
  if ('owns' in membership) return membership as KafkaMembership;
  throw new IllegalStateError('MEMBERSHIP_KIND', 'a commit on Kafka needs a membership of Kafka');
}
