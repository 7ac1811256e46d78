import { systemClock } from '../../runtime/app/system-clock.ts';
import { openWire } from '../../runtime/kafka/carrier/open-wire.ts';
import { call } from '../../runtime/kafka/client.ts';
import type { KafkaMembership } from '../../runtime/kafka/group/kafka-membership.ts';
import { KafkaLog } from '../../runtime/kafka/kafka-log.ts';
import {
  compileKafkaLogOptions,
  type KafkaLogOptions,
} from '../../runtime/kafka/kafka-log-options.ts';
import { KafkaTransactor } from '../../runtime/kafka/transactor/kafka-transactor.ts';
import { protocols } from '../../runtime/kafka/transactor/transaction-protocol.ts';
import { createTopics } from '../../runtime/kafka/messages/create-topics.ts';
import type { Append, Position, Transaction } from '../../runtime/ports.ts';
import { batchOf, plain, recordsOf } from '../runtime/codec/records.ts';
import { eventually } from './eventually.ts';
import { uniqueName } from './harness/require.ts';
import { TappedWire } from './tapped-wire.ts';

/** Time of records, ms: a topic of Kafka rolls segments by it, so it is a plausible one. */
const recordTimeMs = Date.UTC(2026, 0, 1);

/** One process's log on a real cluster, with what a test wants to see or disturb. */
export class Lab {
  /** Topic of two partitions, and the group's name. */
  readonly topic: string;
  readonly log: KafkaLog;
  readonly wire: TappedWire;
  private readonly options: KafkaLogOptions;

  /** `application`: another process of the same one. */
  static async open(brokers: readonly string[], more: Partial<KafkaLogOptions> = {}): Promise<Lab> {
    const options: KafkaLogOptions = {
      kafka: { brokers },
      application: uniqueName('lab'),
      clock: systemClock,
      random: Math.random,
      ...more,
    };
    const wire = new TappedWire(await openWire(options));
    const lab = new Lab(options, wire, (await wire.cluster()).clusterId);
    await lab.log.admin.create({
      name: lab.topic,
      partitions: 2,
      cleanup: 'delete',
      retention: 'forever',
    });
    return lab;
  }

  private constructor(options: KafkaLogOptions, wire: TappedWire, clusterId: string) {
    this.options = options;
    this.wire = wire;
    this.topic = options.application;
    const compiled = compileKafkaLogOptions(options);
    this.log = new KafkaLog({
      options,
      compiled,
      clusterId,
      protocol: protocols[2],
      asking: { wire, clock: systemClock, patienceMs: compiled.patienceMs },
    });
  }

  /** The transactional producer of a slot, with a protocol of the test's choice. */
  producer(slot = 's0', protocol: 1 | 2 = 2): Promise<KafkaTransactor> {
    const { compression, patienceMs, transactionTimeoutMs } = compileKafkaLogOptions(this.options);
    return KafkaTransactor.open({
      wire: this.wire,
      clock: systemClock,
      transactionalId: `${this.topic}-${slot}`,
      protocol: protocols[protocol],
      transactionTimeoutMs,
      compression,
      patienceMs,
    });
  }

  join(slot = 's0'): Promise<KafkaMembership> {
    const nothing = async (): Promise<void> => {};
    return this.log.join(
      { group: this.topic, topics: [this.topic], slot },
      { assigned: nothing, revoked: nothing, lost: nothing },
    );
  }

  /** A transaction of one record to each of these partitions, with the position of partition 0. */
  transaction(value: string, position: number, partitions: readonly number[] = [0]): Transaction {
    return {
      appends: partitions.map((partition) => this.append(value, partition)),
      positions: [{ topic: this.topic, partition: 0, offset: position }],
    };
  }

  append(value: string, partition = 0): Append {
    const batch = batchOf(plain('k', value, recordTimeMs));
    return { topic: this.topic, partition, batch, records: 1 };
  }

  /** Values of the committed records, read until the last stable offset reaches the end: no transaction is pending then. */
  async values(partition = 0, chunkBytes = 1e6): Promise<string[]> {
    const here = { topic: this.topic, partition };
    const target = await eventually('the end is stable', async () => {
      const [stable] = await this.log.ends([here], 'committed');
      const [end] = await this.log.ends([here], 'uncommitted');
      return stable!.end === end!.end ? end!.end : undefined;
    });
    const values: string[] = [];
    for (let offset = 0; offset < target;) {
      const { values: more, next } = await this.read({ ...here, offset }, chunkBytes);
      values.push(...more);
      if (next <= offset) throw new Error(`no progress at ${offset} of ${target}`);
      offset = next;
    }
    return values;
  }

  /** One fetch: values of committed records, and the position after them. */
  async read(position: Position, bytes = 1e6): Promise<{ values: string[]; next: number }> {
    const limits = { maxBytes: bytes, maxBytesPerPartition: bytes };
    const [found] = await this.log.fetch([position], limits);
    const records = found!.batches.flatMap(recordsOf);
    const values = records
      .filter(({ offset }) => offset >= position.offset)
      .map(({ value }) => String(value));
    return { values, next: found!.nextOffset };
  }

  /** Committed position of partition 0; undefined: none. */
  async position(): Promise<number | undefined> {
    const [found] = await this.log.committed(this.topic, [{ topic: this.topic, partition: 0 }]);
    return found?.offset;
  }

  /** A topic of one partition with these settings. */
  async createWith(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const { controller } = await this.wire.cluster();
    const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    const topic = { name, numPartitions: 1, replicationFactor: -1, assignments: [], configs };
    const request = { topics: [topic], timeoutMs: 10_000, validateOnly: false };
    const { topics } = await call(this.wire, controller, createTopics, request);
    if (topics[0]?.errorCode !== 0) throw new Error(`topic ${name}: ${topics[0]?.errorMessage}`);
    await eventually('the topic is known', async () =>
      (await this.wire.topics([name], true)).has(name) ? true : undefined,
    );
  }

  close(): Promise<void> {
    return this.log.close();
  }
}
