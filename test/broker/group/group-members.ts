import { systemClock } from '../../../runtime/app/system-clock.ts';
import type { MembershipSettings } from '../../../runtime/kafka/group/settings.ts';
import { type KafkaLog, openKafkaLog } from '../../../runtime/kafka/kafka-log.ts';
import type { KafkaMembership } from '../../../runtime/kafka/group/kafka-membership.ts';
import type { GroupOptions, MemberView, Transactor } from '../../../runtime/ports.ts';
import type { Clock } from '../../../topology/core/clock.ts';
import { partitionId, type TopicPartition } from '../../../topology/core/topic-partition.ts';

export interface BrokerMemberOptions {
  readonly brokers: readonly string[];
  readonly group: string;
  readonly topic: string;
  readonly slot: string;
  readonly membership?: Partial<Omit<MembershipSettings, 'clock' | 'random'>>;
  readonly more?: Partial<GroupOptions>;
  /** @defaultValue the system's */
  readonly clock?: Clock;
}

/** A member of a group on a real broker; it can commit positions all the time, as an engine does. */
export class BrokerMember {
  readonly slot: string;
  readonly log: KafkaLog;
  readonly has = new Set<string>();
  readonly events: string[] = [];
  views: readonly MemberView[] = [];
  failure: unknown;
  membership!: KafkaMembership;
  /** Partition → times of its commits, ms. */
  readonly commits = new Map<string, number[]>();
  /** Transactions that went through. */
  committed = 0;
  private readonly options: BrokerMemberOptions;
  private transactor: Transactor | undefined;
  private committing: Promise<void> | undefined;
  private inCommit: Promise<unknown> = Promise.resolve();
  private over = false;

  private constructor(options: BrokerMemberOptions, log: KafkaLog) {
    this.options = options;
    this.slot = options.slot;
    this.log = log;
  }

  static async join(options: BrokerMemberOptions): Promise<BrokerMember> {
    const { brokers, group, membership = {}, clock = systemClock } = options;
    const log = await openKafkaLog({
      kafka: { brokers },
      application: group,
      clock,
      random: Math.random,
      membership: { heartbeatIntervalMs: 500, ...membership },
    });
    const member = new BrokerMember(options, log);
    await member.join();
    return member;
  }

  private async join(): Promise<void> {
    const { group, topic, slot, more } = this.options;
    this.membership = await this.log.join(
      { group, topics: [topic], slot, ...more },
      {
        assigned: async (partitions) => {
          this.events.push(`assigned ${numbers(partitions)}`);
          for (const it of partitions) this.has.add(partitionId(it.topic, it.partition));
        },
        revoked: async (partitions) => {
          this.events.push(`revoked ${numbers(partitions)}`);
          for (const it of partitions) this.has.delete(partitionId(it.topic, it.partition));
          await this.inCommit;
        },
        lost: async (partitions) => {
          this.events.push(`lost ${numbers(partitions)}`);
          for (const it of partitions) this.has.delete(partitionId(it.topic, it.partition));
        },
        members: (views) => {
          this.views = views;
        },
        failed: (error) => {
          this.failure = error;
        },
      },
    );
  }

  get partitions(): string {
    return numbers(
      [...this.has].map((id) => ({ topic: '', partition: Number(id.split('-').at(-1)) })),
    );
  }

  /** Commits a position of each partition that it has, one transaction after the other, until it leaves. */
  async commitAlways(): Promise<void> {
    this.transactor = await this.log.transactor(this.slot);
    this.committing = this.commitLoop(this.transactor);
  }

  private async commitLoop(transactor: Transactor): Promise<void> {
    const { topic } = this.options;
    for (let offset = 1; !this.over; offset++) {
      const partitions = [...this.has];
      if (partitions.length > 0) {
        const positions = partitions.map((id) => ({
          topic,
          partition: Number(id.slice(topic.length + 1)),
          offset,
        }));
        try {
          const commit = transactor.commit({ appends: [], positions }, this.membership);
          this.inCommit = commit.catch(() => {});
          await commit;
          for (const id of partitions) this.note(id);
          this.committed++;
        } catch (error) {
          this.events.push(`refused ${(error as { code?: string }).code}`);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  private note(id: string): void {
    const times = this.commits.get(id) ?? [];
    this.commits.set(id, times);
    times.push(Date.now());
  }

  /** Longest time between two commits of a partition that it had all the time, ms. */
  longestGap(partition: number): number {
    const times = this.commits.get(partitionId(this.options.topic, partition)) ?? [];
    return times.slice(1).reduce((gap, time, i) => Math.max(gap, time - (times[i] as number)), 0);
  }

  async leave(): Promise<void> {
    this.over = true;
    await this.committing;
    await this.membership.leave();
    await this.close();
  }

  /** Ends as a crash would: the group is not told. */
  async close(): Promise<void> {
    this.over = true;
    await this.committing;
    await this.log.close();
  }
}

function numbers(partitions: readonly TopicPartition[]): string {
  return partitions
    .map((it) => it.partition)
    .sort((a, b) => a - b)
    .join(' ');
}

/** Polls until the condition holds. @throws Error after `timeoutMs`, with what `said` gives */
export async function until(
  condition: () => boolean | Promise<boolean>,
  said: () => unknown = () => '',
  timeoutMs = 60_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${JSON.stringify(said())}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
