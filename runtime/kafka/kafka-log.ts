import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import type {
  FetchedPartition,
  FetchLimits,
  GroupOptions,
  Log,
  Ownership,
  PartitionEnds,
  Position,
  Transactor,
} from '../ports.ts';
import type { Asking } from './ask-leaders.ts';
import { openWire } from './carrier/open-wire.ts';
import { KafkaFetcher } from './fetch/kafka-fetcher.ts';
import { joinGroup } from './group/join-group.ts';
import type { KafkaMembership } from './group/kafka-membership.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import {
  type CompiledKafkaLogOptions,
  compileKafkaLogOptions,
  type KafkaLogOptions,
} from './kafka-log-options.ts';
import { outsideGroup } from './outside-group.ts';
import { committedPositions, partitionEnds, topicIdentities } from './offsets.ts';
import { endAbandoned } from './transactor/abandoned-transactions.ts';
import { TombstoneTimes } from './tombstone-times.ts';
import { IdempotentTransactor } from './transactor/idempotent-transactor.ts';
import { KafkaTransactor } from './transactor/kafka-transactor.ts';
import { chooseProtocol, type TransactionProtocol } from './transactor/transaction-protocol.ts';

/**
 * Opens a log on a Kafka cluster.
 * @throws {ConfigError} for options that cannot be used, and where no broker can be reached
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<KafkaLog> {
  const compiled = compileKafkaLogOptions(options);
  const { kafka, clock } = options;
  const wire = await openWire({ kafka, clock });
  try {
    const { clusterId } = await wire.cluster();
    const asking = { wire, clock, patienceMs: compiled.patienceMs };
    const protocol = await chooseProtocol(asking);
    return new KafkaLog({ options, compiled, asking, clusterId, protocol });
  } catch (error) {
    await wire.close();
    throw error;
  }
}

interface KafkaLogParts {
  readonly options: KafkaLogOptions;
  readonly compiled: CompiledKafkaLogOptions;
  readonly asking: Asking;
  readonly clusterId: string;
  readonly protocol: TransactionProtocol;
}

/** The log port on a Kafka cluster. */
export class KafkaLog implements Log {
  readonly admin: KafkaAdmin;
  /** The cluster: Kafka loses nothing acknowledged as long as replicas are left, and topics of another cluster are others. */
  readonly incarnation: string;
  readonly atomic: boolean;
  private readonly parts: KafkaLogParts;
  private readonly fetcher: KafkaFetcher;
  private readonly tombstones: TombstoneTimes;

  constructor(parts: KafkaLogParts) {
    this.parts = parts;
    const { options, asking } = parts;
    const { replicationFactor } = options;
    this.admin = new KafkaAdmin(
      asking.wire,
      asking.clock,
      replicationFactor === undefined ? {} : { replicationFactor },
    );
    this.incarnation = `kafka:${parts.clusterId}`;
    this.atomic = parts.compiled.guarantee === 'exactly-once';
    this.fetcher = new KafkaFetcher(asking);
    this.tombstones = new TombstoneTimes(asking);
  }

  /**
   * Without topics there is nothing to assign, and no group is joined.
   * @throws as {@link joinGroup}
   */
  async join(group: GroupOptions, ownership: Ownership): Promise<KafkaMembership> {
    if (group.topics.length === 0) {
      await ownership.assigned([]);
      return outsideGroup(group.group, group.slot);
    }
    const { asking, options, compiled } = this.parts;
    const { clock, random, membership } = options;
    const departed = (slots: readonly string[]): void => {
      if (compiled.guarantee === 'at-least-once') return;
      const ids = slots.map((slot) => this.transactionalId(slot));
      void endAbandoned(asking, ids);
    };
    const settings = { ...membership, clock, random, departed };
    return joinGroup(asking.wire, group, ownership, settings);
  }

  /** @throws as {@link KafkaFetcher.fetch} */
  fetch(positions: readonly Position[], limits: FetchLimits): Promise<readonly FetchedPartition[]> {
    return this.fetcher.fetch(positions, limits);
  }

  awaitRecords(
    positions: readonly Position[],
    maxWaitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    return this.fetcher.awaitRecords(positions, maxWaitMs, signal);
  }

  /**
   * The producer of a slot, as the guarantee asks for.
   * @throws {ConfigError} TRANSACTION_TIMEOUT, KAFKA_RIGHTS
   */
  async transactor(slot: string): Promise<Transactor> {
    const { compiled, asking, protocol } = this.parts;
    const { compression, transactionTimeoutMs } = compiled;
    if (compiled.guarantee === 'at-least-once') {
      return new IdempotentTransactor({ ...asking, compression });
    }
    const transactionalId = this.transactionalId(slot);
    return KafkaTransactor.open({
      ...asking,
      transactionalId,
      protocol,
      transactionTimeoutMs,
      compression,
    });
  }

  /** @throws as {@link committedPositions} */
  committed(group: string, partitions: readonly TopicPartition[]): Promise<readonly Position[]> {
    return committedPositions(this.parts.asking, group, partitions);
  }

  /** @throws as {@link partitionEnds} */
  async ends(
    partitions: readonly TopicPartition[],
    isolation: 'committed' | 'uncommitted',
  ): Promise<readonly PartitionEnds[]> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const { asking } = this.parts;
    const kept = await this.tombstones.of(topics);
    const [ids, ends] = await Promise.all([
      topicIdentities(asking, topics),
      partitionEnds(asking, partitions, isolation, kept),
    ]);
    return ends.map((it) => {
      const topicId = ids.get(it.topic);
      return topicId === undefined ? it : { ...it, topicId };
    });
  }

  /** Closes all connections. Memberships and producers are to be closed before. */
  close(): Promise<void> {
    return this.parts.asking.wire.close();
  }

  private transactionalId(slot: string): string {
    return `${this.parts.options.application}-${slot}`;
  }
}
