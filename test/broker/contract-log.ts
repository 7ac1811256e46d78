import {
  assignBaseOffset,
  batchBaseOffset,
  batchLastOffset,
} from '../../runtime/codec/batch-header.ts';
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
  TopicInfo,
  TopicSpec,
  Transaction,
  Transactor,
} from '../../runtime/ports.ts';
import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import type { Guarantee } from '../../runtime/kafka/kafka-log-options.ts';
import type { ContractLog } from '../runtime/log-harness.ts';
import { ContractNames } from './contract-names.ts';
import { ContractOffsets } from './contract-offsets.ts';
import { eventually } from './eventually.ts';

/** Bytes of a transaction marker in a log. */
const markerBytes = 78;

/**
 * A log on a Kafka cluster as the contract suite needs it, with the differences that lie in Kafka's nature taken out here, in one place:
 *
 * - the cluster outlives the test: names of topics, groups and topics in messages get a prefix of the test's own;
 * - markers and aborted records take offsets: offsets are translated to the number of the committed record ({@link ContractOffsets});
 * - a commit is acknowledged before its markers are written: `commit` waits until they are;
 * - markers take bytes;
 * - positions in a deleted topic go later than the topic.
 *
 * What cannot be taken out is said by `differs`.
 */
export class KafkaContractLog implements ContractLog {
  readonly differs: NonNullable<ContractLog['differs']>;
  readonly admin: TopicAdmin;
  readonly incarnation: string;
  private readonly log: Log;
  private readonly names: ContractNames;
  private readonly offsets = new ContractOffsets();
  private readonly markers: boolean;

  constructor(log: Log, prefix: string, guarantee: Guarantee) {
    this.log = log;
    this.differs = {
      members: 'a Kafka group has many members',
      slots:
        guarantee === 'exactly-once'
          ? 'a fenced producer goes on where the group still has its member in the slot'
          : 'a producer without transactions fences nobody',
      upkeep: 'the brokers do retention and compaction when they see fit',
    };
    this.markers = guarantee === 'exactly-once';
    this.incarnation = log.incarnation;
    this.names = new ContractNames(prefix);
    this.admin = new ContractAdmin(log, this.names, this.offsets);
  }

  join(group: GroupOptions, ownership: Ownership): Promise<Membership> {
    const { names } = this;
    const plain = (partitions: readonly TopicPartition[]): TopicPartition[] =>
      partitions.map((it) => names.plain(it)).toSorted(byPartition);
    return names.explain(() =>
      this.log.join(
        {
          ...group,
          group: names.full(group.group),
          topics: group.topics.map((topic) => names.full(topic)),
        },
        {
          assigned: (partitions) => ownership.assigned(plain(partitions)),
          revoked: (partitions) => ownership.revoked(plain(partitions)),
          lost: (partitions) => ownership.lost(plain(partitions)),
        },
      ),
    );
  }

  fetch(positions: readonly Position[], limits: FetchLimits): Promise<readonly FetchedPartition[]> {
    const { names, offsets } = this;
    return names.explain(async () => {
      const found = await this.log.fetch(this.physical(positions), limits);
      return found.map((it): FetchedPartition => {
        const at = (offset: number): number => offsets.count(it, offset);
        const asked = positions.find(
          (one) => names.full(one.topic) === it.topic && one.partition === it.partition,
        );
        return {
          ...names.plain(it),
          batches: it.batches.map((batch) => renumbered(batch, at)),
          nextOffset: Math.max(at(it.nextOffset), asked?.offset ?? 0),
          startOffset: at(it.startOffset),
          endOffset: at(it.endOffset),
        };
      });
    });
  }

  awaitRecords(
    positions: readonly Position[],
    maxWaitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    return this.log.awaitRecords(this.physical(positions), maxWaitMs, signal);
  }

  async transactor(slot: string): Promise<Transactor> {
    const transactor = await this.log.transactor(slot);
    return {
      commit: (transaction, membership) =>
        this.names.explain(() => this.commit(transactor, transaction, membership)),
      close: () => transactor.close(),
    };
  }

  committed(group: string, partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    const { names, offsets } = this;
    return names.explain(async () => {
      const asked = partitions.map((it) => names.fullOf(it));
      const found = await this.log.committed(names.full(group), asked);
      return found.map((it) => ({ ...names.plain(it), offset: offsets.count(it, it.offset) }));
    });
  }

  ends(
    partitions: readonly TopicPartition[],
    isolation: 'committed' | 'uncommitted',
  ): Promise<readonly PartitionEnds[]> {
    const { names, offsets } = this;
    return names.explain(async () => {
      const asked = partitions.map((it) => names.fullOf(it));
      return (await this.log.ends(asked, isolation)).map((it) => ({
        ...it,
        ...names.plain(it),
        start: offsets.count(it, it.start),
        end: offsets.count(it, it.end),
        tombstonesFrom: 0,
      }));
    });
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private physical(positions: readonly Position[]): Position[] {
    return positions.map((it) => {
      const full = this.names.fullOf(it);
      return { ...full, offset: this.offsets.physical(full, it.offset) };
    });
  }

  private async commit(
    transactor: Transactor,
    transaction: Transaction,
    membership: Membership,
  ): Promise<Committed> {
    const appends = transaction.appends.map((it) => ({ ...it, ...this.names.fullOf(it) }));
    const positions = this.physical(transaction.positions);
    const { baseOffsets } = await transactor.commit({ appends, positions }, membership);
    await this.settle(appends);
    return {
      baseOffsets: baseOffsets.map((offset, i) => {
        const append = appends[i]!;
        return this.offsets.learn(append, offset, append.records);
      }),
    };
  }

  /** Waits until the markers are written. */
  private async settle(partitions: readonly TopicPartition[]): Promise<void> {
    for (const it of partitions) {
      for (;;) {
        const [stable] = await this.log.ends([it], 'committed');
        const [end] = await this.log.ends([it], 'uncommitted');
        if (stable!.end === end!.end) break;
      }
      const [end] = await this.log.ends([it], 'uncommitted');
      this.offsets.end(it, end!.end, this.markers ? 1 : 0);
    }
  }
}

class ContractAdmin implements TopicAdmin {
  private readonly log: Log;
  private readonly names: ContractNames;
  private readonly offsets: ContractOffsets;

  constructor(log: Log, names: ContractNames, offsets: ContractOffsets) {
    this.log = log;
    this.names = names;
    this.offsets = offsets;
  }

  async list(): Promise<readonly TopicInfo[]> {
    const all = await this.log.admin.list();
    return all.filter(({ name }) => this.names.has(name)).map((it) => this.plain(it));
  }

  async describe(name: string): Promise<TopicInfo | undefined> {
    const found = await this.log.admin.describe(this.names.full(name));
    return found === undefined ? undefined : this.plain(found);
  }

  create(topic: TopicSpec): Promise<TopicInfo> {
    return this.names.explain(async () =>
      this.plain(await this.log.admin.create({ ...topic, name: this.names.full(topic.name) })),
    );
  }

  alter(name: string, settings: Partial<Pick<TopicSpec, 'cleanup' | 'retention'>>): Promise<void> {
    return this.names.explain(() => this.log.admin.alter(this.names.full(name), settings));
  }

  /** A group's positions in a deleted topic go some moments later than the topic. */
  async delete(name: string): Promise<void> {
    this.offsets.forget(this.names.full(name));
    await this.names.explain(() => this.log.admin.delete(this.names.full(name)));
    await eventually('the positions are gone', async () =>
      (await this.groups()).length === 0 ? true : undefined,
    );
  }

  deleteRecords(before: readonly Position[]): Promise<void> {
    return this.names.explain(() => this.log.admin.deleteRecords(this.physical(before)));
  }

  setPositions(group: string, positions: readonly Position[] | undefined): Promise<void> {
    const physical = positions === undefined ? undefined : this.physical(positions);
    return this.names.explain(() => this.log.admin.setPositions(this.names.full(group), physical));
  }

  async groups(): Promise<readonly string[]> {
    const all = await this.log.admin.groups();
    return all.filter((name) => this.names.has(name)).map((name) => this.names.short(name));
  }

  private physical(positions: readonly Position[]): Position[] {
    return positions.map((it) => {
      const full = this.names.fullOf(it);
      return { ...full, offset: this.offsets.physical(full, it.offset) };
    });
  }

  private plain(info: TopicInfo): TopicInfo {
    const { name } = info;
    const bytes = info.bytes?.map(
      (size, partition) => size - markerBytes * this.offsets.markers({ topic: name, partition }),
    );
    return { ...info, name: this.names.short(name), ...(bytes === undefined ? {} : { bytes }) };
  }
}

function renumbered(batch: Buffer, count: (offset: number) => number): Buffer {
  const copy = Buffer.from(batch);
  const first = batchBaseOffset(batch);
  // Records of a batch are neighbours in Kafka, too.
  assignBaseOffset(copy, count(batchLastOffset(batch) + 1) - (batchLastOffset(batch) + 1 - first));
  return copy;
}

function byPartition(a: TopicPartition, b: TopicPartition): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1;
}
