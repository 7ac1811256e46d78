import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import type { Membership } from '../../ports.ts';

/** What a transaction needs of a membership on Kafka: its fence (E3, KIP-447), and how it moves on. */
export interface KafkaMembership extends Membership {
  /** `group.instance.id` of a static member; null: a dynamic one. */
  readonly instanceId: string | null;
  /**
   * True while a join or a sync is under way: the generation is about to change. Also while the coordinator may have expelled this member and has not said
   * otherwise yet: it was not heard of for a session time-out, by this process's own clock.
   */
  readonly joining: boolean;
  /**
   * Resolves when no join is under way, at once if none is. After ILLEGAL_GENERATION or REBALANCE_IN_PROGRESS a commit waits for it,
   * then commits with the new generation what is still owned.
   */
  settled(): Promise<void>;
  /** True while this member has the partition (until `revoked` has returned, or `lost`). */
  owns(partition: TopicPartition): boolean;
  /**
   * The broker does not know this member any more (UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID in an answer to a commit): everything is lost, the
   * member joins anew, or fails where another one has its instance id.
   */
  expelled(error: unknown): void;
  /**
   * Counts how often this member lost everything and began anew, under another id or the same. A transaction that began before is not to be
   * committed after, though the member has the same partitions again: others may have worked on them in between (E6).
   */
  readonly incarnation?: number;
  /** True after `leave`, and when the membership failed for good: a commit of it is refused as fenced. */
  readonly ended?: boolean;
}
