import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import type { GroupOptions, Membership, Ownership } from '../ports.ts';
import { MemoryGroup, type MemoryGroupOptions, type MemoryMember } from './memory-group.ts';
import { MemoryTransactions, type MemoryTransactionsOptions } from './memory-transactions.ts';

export type ManyMembersOptions = Omit<MemoryTransactionsOptions, 'generation'> & MemoryGroupOptions;

/** Groups of several members and their transactions, in memory; and what a test may do to them. */
export class ManyMembers {
  readonly transactions: MemoryTransactions;
  private readonly options: ManyMembersOptions;
  private readonly groups = new Map<string, MemoryGroup>();

  constructor(options: ManyMembersOptions) {
    this.options = options;
    this.transactions = new MemoryTransactions({
      ...options,
      generation: (group) => this.group(group).generation,
    });
  }

  /** `partitions` are those of the topics: each is a task of its own where the options name no tasks. */
  join(
    options: GroupOptions,
    partitions: readonly TopicPartition[],
    ownership: Ownership,
  ): Promise<Membership> {
    const each = partitions.map((at) => ({
      id: partitionId(at.topic, at.partition),
      inputs: [at],
      stores: 0,
    }));
    return this.group(options.group).join({ ...options, tasks: options.tasks ?? each }, ownership);
  }

  /** Members of a group. */
  size(group: string): number {
    return this.groups.get(group)?.size ?? 0;
  }

  /** Takes a member out of its group, as when its session timed out. It is not told; a commit of it is refused, and then it learns of it. */
  expel(group: string, slot: string): MemoryMember | undefined {
    return this.group(group).expel(slot);
  }

  /** Ends a member as SIGKILL does: the group knows at once; what its transaction has written stays open until somebody fences its producer. */
  crash(group: string, slot: string): void {
    this.group(group).crash(slot);
  }

  /** Resolves when every member of the group has heard of its assignment and no further one is due. */
  settled(group: string): Promise<void> {
    return this.group(group).settled();
  }

  private group(name: string): MemoryGroup {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new MemoryGroup(this.options);
      this.groups.set(name, group);
    }
    return group;
  }
}
