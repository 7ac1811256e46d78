import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import { WireReader } from '../protocol/wire-reader.ts';
import { WireWriter } from '../protocol/wire-writer.ts';
import {
  array,
  int32,
  nullableBytes,
  nullableString,
  since,
  string,
  struct,
  type ValueOf,
  type WireType,
} from '../protocol/types.ts';

/**
 * What members of a group of the protocol type `consumer` tell each other, in the form that Kafka's own tools read (ConsumerProtocolSubscription.json,
 * ConsumerProtocolAssignment.json): `kafka-consumer-groups` shows who has what. Our own data is their user data.
 */
export const protocolType = 'consumer';

const topicPartitions = array(struct({ topic: string, partitions: array(int32) }));

const subscriptionType = struct({
  topics: array(string),
  userData: nullableBytes,
  ownedPartitions: since(1, topicPartitions, []),
  generationId: since(2, int32, -1),
  rackId: since(3, nullableString, null),
});

const assignmentType = struct({
  assignedPartitions: topicPartitions,
  userData: nullableBytes,
});

/** Versions that are written. What is newer only adds fields at the end. */
const subscriptionVersion = 3;
const assignmentVersion = 3;

export interface ConsumerSubscription {
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  /** −1: none yet. */
  readonly generation: number;
  readonly userData: Buffer;
}

export interface ConsumerAssignment {
  readonly partitions: readonly TopicPartition[];
  readonly userData: Buffer;
}

export function encodeSubscription(subscription: ConsumerSubscription): Buffer {
  return write(subscriptionType, subscriptionVersion, {
    topics: subscription.topics,
    userData: subscription.userData,
    ownedPartitions: byTopic(subscription.owned),
    generationId: subscription.generation,
    rackId: null,
  });
}

/** @throws {StorageError} PROTOCOL_SHORT where the bytes are something else */
export function decodeSubscription(bytes: Buffer): ConsumerSubscription {
  const { topics, userData, ownedPartitions, generationId } = read(subscriptionType, bytes);
  return {
    topics,
    owned: flat(ownedPartitions),
    generation: generationId,
    userData: userData ?? Buffer.alloc(0),
  };
}

export function encodeAssignment({ partitions, userData }: ConsumerAssignment): Buffer {
  return write(assignmentType, assignmentVersion, {
    assignedPartitions: byTopic(partitions),
    userData,
  });
}

/** @throws {StorageError} PROTOCOL_SHORT where the bytes are something else */
export function decodeAssignment(bytes: Buffer): ConsumerAssignment {
  const { assignedPartitions, userData } = read(assignmentType, bytes);
  return { partitions: flat(assignedPartitions), userData: userData ?? Buffer.alloc(0) };
}

function byTopic(partitions: readonly TopicPartition[]): ValueOf<typeof topicPartitions> {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const list = topics.get(topic);
    if (list === undefined) topics.set(topic, [partition]);
    else list.push(partition);
  }
  return [...topics].map(([topic, list]) => ({ topic, partitions: list }));
}

function flat(topics: ValueOf<typeof topicPartitions>): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function write<T>(type: WireType<T>, version: number, value: T): Buffer {
  const writer = new WireWriter();
  writer.int16(version);
  type.write(writer, value, { version, flexible: false });
  return writer.finish();
}

function read<T>(type: WireType<T>, bytes: Buffer): T {
  const reader = new WireReader(bytes);
  const version = reader.int16();
  return type.read(reader, { version, flexible: false });
}
