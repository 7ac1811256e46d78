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
  /** True where the coordinator may have given this member's partitions to others already: not even with a new generation is anything committed (E6). */
  readonly doubtful?: boolean;
  /** Resolves when no join is under way, at once if none is or everything is lost. */
  settled(): Promise<void>;
  /** True while this member has the partition (until `revoked` has returned, or `lost`). */
  owns(partition: TopicPartition): boolean;
  /**
   * Somebody heard that the group may not count this member in: UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID in an answer to a commit, or its producer is fenced. The
   * group is asked, and until it has answered the member is `joining`: then it goes on, or everything is lost and it joins anew, or it fails where another
   * one has its instance id.
   */
  expelled(error: unknown): void;
  /**
   * Counts how often this member lost everything and began anew, under another id or the same. A transaction that began before is not to be
   * committed after, though the member has the same partitions again: others may have worked on them in between (E6).
   */
  readonly incarnation?: number;
  /**
   * Everything is lost, and the member joins anew at once: nobody knows whether its last transaction was committed, and the positions that it is assigned next
   * to will tell.
   */
  restart?(): void;
  /** True where there is no group behind it: nothing but its producer tells it from others. */
  readonly outside?: boolean;
  /** True after `leave`, and when the membership failed for good: a commit of it is refused as fenced. */
  readonly ended?: boolean;
}
