/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The text form `topic-partition`, used as a map key and in messages, as in Kafka. */
export function partitionId(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
