import type { Serde } from '../../schemas/serde.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { partitionOf } from '../../topology/core/murmur2.ts';
import { type Header, noHeaders } from '../../topology/core/record.ts';
import type { Definition } from '../../topology/definition/definition.ts';
import type { Plan, TopicPlan } from '../../topology/plan/plan.ts';
import { RecordBatchBuilder } from '../codec/batch-builder.ts';
import { type ReadRecord, readTo } from '../engine/restore.ts';
import type { Serdes } from '../engine/serdes.ts';
import type { Append, Log, Membership, Transactor } from '../ports.ts';
import { Scratch } from '../codec/scratch.ts';

/** A record that a test sends. */
export interface SentRecord {
  /** @defaultValue null */
  readonly key?: unknown;
  /** @defaultValue null */
  readonly value?: unknown;
  /** ms. @defaultValue the clock's time */
  readonly time?: number;
  readonly headers?: readonly Header[];
  /** @defaultValue that of the key's bytes, as Kafka chooses it; 0 without a key */
  readonly partition?: number;
}

/** A record that a test reads. Keys and values of topics without a type (dead letters, control) are their bytes. */
export interface TopicRecord {
  readonly key: unknown;
  readonly value: unknown;
  readonly time: number;
  readonly headers: readonly Header[];
  readonly partition: number;
  readonly offset: number;
}

interface Parts {
  readonly plan: Plan;
  readonly definition: Definition;
  readonly log: Log;
  readonly clock: Clock;
}

/** The topics of a topology as a test sees them: by stream name, decoded. */
export class TestTopics {
  private readonly parts: Parts;
  private readonly serdes: Serdes;
  private readonly transactor: Transactor;
  private readonly membership: Membership;
  private readonly scratch = new Scratch();
  /** Topic → offsets read so far, by partition. */
  private readonly positions = new Map<string, number[]>();

  static async open(parts: Parts, serdes: Serdes): Promise<TestTopics> {
    const ignore = async (): Promise<void> => {};
    const membership = await parts.log.join(
      { group: 'test-driver', topics: [], slot: 'test-driver' },
      { assigned: ignore, revoked: ignore, lost: ignore },
    );
    const transactor = await parts.log.transactor('test-driver');
    return new TestTopics(parts, serdes, transactor, membership);
  }

  private constructor(
    parts: Parts,
    serdes: Serdes,
    transactor: Transactor,
    membership: Membership,
  ) {
    this.parts = parts;
    this.serdes = serdes;
    this.transactor = transactor;
    this.membership = membership;
  }

  async send(stream: string, records: readonly SentRecord[]): Promise<void> {
    const topic = this.topic(stream);
    const { key, value } = await this.serdesOf(topic);
    const partitions = topic.partitions ?? 1;
    const builders = new Map<number, RecordBatchBuilder>();
    for (const record of records) {
      const keyBytes = this.bytes(key, record.key);
      const partition =
        record.partition ?? (keyBytes === null ? 0 : partitionOf(keyBytes, partitions));
      const builder = builders.get(partition) ?? new RecordBatchBuilder();
      builders.set(partition, builder);
      builder.appendPair(
        record.time ?? this.parts.clock.now(),
        keyBytes,
        this.bytes(value, record.value),
        record.headers ?? noHeaders,
      );
    }
    const appends: Append[] = [...builders].map(([partition, builder]) => ({
      topic: topic.name,
      partition,
      records: builder.count,
      batch: builder.finish(),
    }));
    await this.transactor.commit({ appends, positions: [] }, this.membership);
  }

  async read(name: string): Promise<readonly TopicRecord[]> {
    const topic = this.topic(name);
    const from = this.positions.get(topic.name) ?? [];
    const records = await this.records(topic, from);
    const ends = [...from];
    for (const { partition, offset } of records) {
      ends[partition] = Math.max(ends[partition] ?? 0, offset + 1);
    }
    this.positions.set(topic.name, ends);
    return records;
  }

  async all(name: string): Promise<readonly TopicRecord[]> {
    return this.records(this.topic(name), []);
  }

  private async records(topic: TopicPlan, from: readonly number[]): Promise<TopicRecord[]> {
    const { log } = this.parts;
    const info = await log.admin.describe(topic.name);
    if (info === undefined) return [];
    const serdes = await this.serdesOf(topic);
    const result: TopicRecord[] = [];
    for (let partition = 0; partition < info.partitions; partition++) {
      const at = { topic: topic.name, partition };
      const [ends] = await log.ends([at], 'committed');
      const offset = Math.max(ends?.start ?? 0, from[partition] ?? 0);
      await readTo(log, { ...at, offset }, ends?.end ?? 0, async (records) => {
        for (const record of records) result.push(decode(record, partition, serdes));
      });
    }
    return result;
  }

  private topic(name: string): TopicPlan {
    const { definition, plan } = this.parts;
    const declared = definition.streams[name] ?? definition.tables[name];
    const topic = plan.topics.get(declared?.topics[0] ?? name);
    if (topic !== undefined) return topic;
    if (/^[\w.-]+$/.test(name)) {
      return {
        name,
        role: 'stream',
        cleanup: 'delete',
        retention: 'forever',
        internal: true,
        coPartitionedWith: [],
      };
    }
    throw new ConfigError('TEST_TOPIC', `there is no stream, table or topic "${name}"`);
  }

  private async serdesOf(
    topic: TopicPlan,
  ): Promise<{ key: Serde | undefined; value: Serde | undefined }> {
    if (topic.key === undefined || topic.value === undefined) {
      return { key: undefined, value: undefined };
    }
    const format = topic.format ?? 'avro';
    return {
      key: await this.serdes.key(topic.name, topic.key, 'write'),
      value:
        topic.role === 'changelog'
          ? await this.serdes.storeValue(topic.name, topic.value)
          : await this.serdes.value(topic.name, topic.value, format, 'write'),
    };
  }

  private bytes(serde: Serde | undefined, value: unknown): Buffer | null {
    if (value === null || value === undefined) return null;
    if (serde === undefined) return Buffer.from(value as Uint8Array);
    return Buffer.from(this.scratch.buffer.subarray(0, this.scratch.write(serde, value, 0)));
  }
}

function decode(
  record: ReadRecord,
  partition: number,
  serdes: { key: Serde | undefined; value: Serde | undefined },
): TopicRecord {
  const read = (serde: Serde | undefined, bytes: Buffer | null): unknown =>
    bytes === null || serde === undefined ? bytes : serde.read(bytes, 0, bytes.length);
  const { time, headers, offset } = record;
  return {
    key: read(serdes.key, record.key),
    value: read(serdes.value, record.value),
    time,
    headers,
    partition,
    offset,
  };
}
