import type { Clock } from '../../topology/core/clock.ts';
import { IllegalStateError } from '../../topology/core/errors.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import { defaultCompaction } from '../log/compaction.ts';
import type { CompactionOptions } from '../log/compaction.ts';
import { applicationOwned, fenced, partitionUnknown, topicUnknown } from '../log/log-errors.ts';
import type {
  Committed,
  FetchedPartition,
  FetchLimits,
  GroupOptions,
  Log,
  Membership,
  Ownership,
  PartitionEnds,
  Position,
  TopicAdmin,
  Transaction,
  Transactor,
} from '../ports.ts';
import { ManyMembers } from './many-members.ts';
import { MemoryAdmin } from './memory-admin.ts';
import type { MemoryTopic } from './memory-admin.ts';
import type { MemoryPartition } from './memory-partition.ts';

/** Options of a {@link MemoryLog}. */
export interface MemoryLogOptions {
  readonly clock: Clock;
  /**
   * Runs before a transaction is applied. Its promise delays the commit; if it rejects, the commit
   * rejects with that error and nothing of the transaction is visible.
   */
  readonly onCommit?: (transaction: Transaction) => Promise<void>;
  /**
   * 'one': a group has one member, and a transaction happens at once. 'many': groups and transactions are Kafka's, step by step, without its clocks: members get
   * their assignments cooperatively, a stale one's commits are refused, open transactions keep readers waiting. @defaultValue 'one'
   */
  readonly members?: 'one' | 'many';
  /** With 'many': the end of a transaction takes an offset in each of its partitions. @defaultValue false */
  readonly markers?: boolean;
  /** @defaultValue {@link defaultCompaction} */
  readonly compaction?: Partial<CompactionOptions>;
}

interface Member {
  readonly membership: Membership;
  readonly slot: string;
  readonly partitions: readonly TopicPartition[];
}

interface Waiter {
  readonly positions: readonly Position[];
  readonly wake: () => void;
}

/**
 * A log in memory: deterministic, without a timer of its own. It is the broker of tests: an engine
 * that crashed is one that was dropped, and the next one joins the same log.
 *
 * A group has one member, unless it is opened for many. A second join with the slot of the first replaces it, as a static member
 * that restarts does in Kafka: the first is fenced. With another slot it is refused.
 */
export class MemoryLog implements Log {
  readonly admin: TopicAdmin;
  readonly incarnation = 'memory';
  /** See {@link MemoryLogOptions.onCommit}; may be replaced at any time. */
  onCommit: ((transaction: Transaction) => Promise<void>) | undefined;
  /** With 'many': runs when the records and positions of a transaction are in the log, before it ends; may be replaced at any time. */
  onPrepared: ((transaction: Transaction) => Promise<void>) | undefined;
  /** With 'many': runs between a new generation and its assignments; may be replaced at any time. */
  onRebalance: (() => Promise<void>) | undefined;
  private readonly clock: Clock;
  private readonly compaction: CompactionOptions;
  private readonly topics = new Map<string, MemoryTopic>();
  private readonly positions = new Map<string, Map<string, Position>>();
  private readonly members = new Map<string, Member>();
  private readonly generations = new Map<string, number>();
  private readonly producers = new Map<string, number>();
  private readonly waiters = new Set<Waiter>();
  private readonly many: ManyMembers | undefined;

  constructor(options: MemoryLogOptions) {
    this.clock = options.clock;
    this.onCommit = options.onCommit;
    this.compaction = { ...defaultCompaction, ...options.compaction };
    this.admin = new MemoryAdmin(this.topics, this.positions, (group) => this.isActive(group));
    if (options.members !== 'many') return;
    this.many = new ManyMembers({
      partition: (topic, partition) => this.partition(topic, partition),
      store: (group, positions) => this.store(group, positions),
      wake: () => this.wake(),
      markers: options.markers ?? false,
      produced: (transaction) => this.onCommit?.(transaction),
      prepared: (transaction) => this.onPrepared?.(transaction),
      onRebalance: () => this.onRebalance?.(),
    });
  }

  /**
   * What a cluster does to members and transactions, for tests of groups of several members.
   * @throws {IllegalStateError} MEMBERS_ONE when the log allows one member
   */
  get cluster(): ManyMembers {
    if (this.many !== undefined) return this.many;
    throw new IllegalStateError('MEMBERS_ONE', 'this log allows one member: open it with "many"');
  }

  /**
   * @throws {ConfigError} APPLICATION_OWNED when a member with another slot is in the group
   * @throws {ConfigError} TOPIC_UNKNOWN
   */
  async join(options: GroupOptions, ownership: Ownership): Promise<Membership> {
    const { group, slot } = options;
    const partitions: TopicPartition[] = [];
    for (const topic of options.topics) {
      const count = this.topic(topic).spec.partitions;
      for (let partition = 0; partition < count; partition++) partitions.push({ topic, partition });
    }
    if (this.many !== undefined) return this.many.join(options, partitions, ownership);
    const present = this.members.get(group);
    if (present !== undefined && present.slot !== slot) {
      throw applicationOwned(group, `member "${present.slot}" has it`);
    }
    const generation = (this.generations.get(group) ?? 0) + 1;
    this.generations.set(group, generation);
    const membership: Membership = {
      group,
      memberId: `${slot}-${generation}`,
      generation,
      leave: async () => {
        if (this.members.get(group)?.membership !== membership) return;
        await ownership.revoked(partitions);
        if (this.members.get(group)?.membership === membership) this.members.delete(group);
      },
    };
    this.members.set(group, { membership, slot, partitions });
    await ownership.assigned(partitions);
    return membership;
  }

  async fetch(
    positions: readonly Position[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    let left = limits.maxBytes;
    return positions.map(({ topic, partition, offset }) => {
      const log = this.partition(topic, partition);
      const maxBytes = Math.min(limits.maxBytesPerPartition, left);
      const { batches, nextOffset } = log.read(offset, maxBytes);
      for (const batch of batches) left -= batch.length;
      const { start: startOffset, stableEnd: endOffset } = log;
      return { topic, partition, batches, nextOffset, startOffset, endOffset };
    });
  }

  async awaitRecords(
    positions: readonly Position[],
    maxWaitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted || this.anyAt(positions)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { positions, wake: resolve };
    const cancel = this.clock.after(maxWaitMs, resolve);
    this.waiters.add(waiter);
    signal.addEventListener('abort', waiter.wake, { once: true });
    await promise;
    cancel();
    this.waiters.delete(waiter);
    signal.removeEventListener('abort', waiter.wake);
  }

  async transactor(slot: string): Promise<Transactor> {
    if (this.many !== undefined) return this.many.transactions.transactor(slot);
    const epoch = (this.producers.get(slot) ?? 0) + 1;
    this.producers.set(slot, epoch);
    return {
      commit: async (transaction, membership) => {
        const check = (): void => {
          if (this.producers.get(slot) !== epoch) {
            throw fenced(membership.group, `transactional producer "${slot}" was opened again`);
          }
          if (this.members.get(membership.group)?.membership !== membership) {
            throw fenced(membership.group, `member "${membership.memberId}" is not in it`);
          }
        };
        check();
        await this.onCommit?.(transaction);
        check();
        return this.apply(transaction, membership.group);
      },
      close: async () => {
        if (this.producers.get(slot) === epoch) this.producers.set(slot, epoch + 1);
      },
    };
  }

  async committed(
    group: string,
    partitions: readonly TopicPartition[],
  ): Promise<readonly Position[]> {
    await this.many?.transactions.stable(group, partitions);
    const stored = this.positions.get(group);
    return partitions.flatMap(({ topic, partition }) => {
      const position = stored?.get(partitionId(topic, partition));
      return position === undefined ? [] : [position];
    });
  }

  async ends(
    partitions: readonly TopicPartition[],
    isolation: 'committed' | 'uncommitted' = 'committed',
  ): Promise<readonly PartitionEnds[]> {
    return partitions.map(({ topic, partition }) => {
      const { start, end: last, stableEnd, tombstonesFrom } = this.partition(topic, partition);
      const end = isolation === 'committed' ? stableEnd : last;
      const { id: topicId } = this.topic(topic);
      return { topic, partition, start, end, tombstonesFrom, topicId };
    });
  }

  /** Applies retention and compaction to every partition that is due. */
  async maintain(nowMs: number = this.clock.now()): Promise<void> {
    for (const { spec, partitions } of this.topics.values()) {
      for (const partition of partitions) {
        if (spec.cleanup === 'compact') partition.compact(nowMs, this.compaction);
        else if (spec.retention !== 'forever') partition.expire(nowMs - spec.retention);
      }
    }
  }

  /** Does nothing: the log outlives the engines that use it. */
  async close(): Promise<void> {}

  private apply(transaction: Transaction, group: string): Committed {
    // Everything is looked up before anything is changed: whole or not at all (invariant E1).
    const targets = transaction.appends.map((it) => this.partition(it.topic, it.partition));
    for (const { topic, partition } of transaction.positions) this.partition(topic, partition);
    const baseOffsets = transaction.appends.map((it, i) =>
      (targets[i] as MemoryPartition).append(it.batch),
    );
    this.store(group, transaction.positions);
    this.wake();
    return { baseOffsets };
  }

  private store(group: string, positions: readonly Position[]): void {
    const stored = this.positions.get(group) ?? new Map<string, Position>();
    for (const { topic, partition, offset } of positions) {
      stored.set(partitionId(topic, partition), { topic, partition, offset });
    }
    if (stored.size > 0) this.positions.set(group, stored);
  }

  private wake(): void {
    for (const waiter of this.waiters) if (this.anyAt(waiter.positions)) waiter.wake();
  }

  private isActive(group: string): boolean {
    return this.members.has(group) || (this.many?.size(group) ?? 0) > 0;
  }

  private anyAt(positions: readonly Position[]): boolean {
    return positions.some((it) => this.partition(it.topic, it.partition).stableEnd > it.offset);
  }

  private topic(name: string): MemoryTopic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw topicUnknown(name);
    return topic;
  }

  private partition(name: string, partition: number): MemoryPartition {
    const { partitions } = this.topic(name);
    const found = partitions[partition];
    if (found === undefined) throw partitionUnknown(name, partition, partitions.length);
    return found;
  }
}
