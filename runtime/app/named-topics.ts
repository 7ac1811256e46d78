import type { AvroSerde, Serde } from '../../schemas/index.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { ConfigError, SerdeError } from '../../topology/core/errors.ts';
import { partitionOf } from '../../topology/core/murmur2.ts';
import { type Header, noHeaders } from '../../topology/core/record.ts';
import type { Definition } from '../../topology/definition/definition.ts';
import type { Plan, TopicPlan } from '../../topology/plan/plan.ts';
import { RecordBatchBuilder } from '../codec/batch-builder.ts';
import { type ReadRecord, readTo } from '../engine/changelog-reader.ts';
import type { Serdes } from '../engine/serdes.ts';
import { commitAgain } from '../log/commit-again.ts';
import type { Append, Log, Membership, Transactor } from '../ports.ts';
import { Scratch } from '../codec/scratch.ts';

/** A record to send. */
export interface SentRecord {
  /** @defaultValue null */
  readonly key?: unknown;
  /** @defaultValue null */
  readonly value?: unknown;
  /** Record time, ms. @defaultValue the clock's time */
  readonly time?: number;
  readonly headers?: readonly Header[];
  /** @defaultValue that of the key's bytes, as Kafka chooses it; 0 without a key */
  readonly partition?: number;
}

/** A record that was read. Keys and values of topics without a type (dead letters, control) are their bytes. */
export interface TopicRecord {
  readonly key: unknown;
  readonly value: unknown;
  readonly time: number;
  readonly headers: readonly Header[];
  readonly partition: number;
  readonly offset: number;
}

/** What {@link NamedTopics} stand on. */
export interface TopicParts {
  readonly plan: Plan;
  readonly definition: Definition;
  readonly log: Log;
  readonly clock: Clock;
  readonly serdes: Serdes;
  /** Topic → partition count, of the topics that are there. */
  readonly partitions: ReadonlyMap<string, number>;
  /** Name under which records are appended: one at a time on a log. */
  readonly client: string;
}

interface TopicSerdes {
  readonly key: Serde | undefined;
  readonly value: Serde | undefined;
}

/** The topics of a topology by stream name, with keys and values decoded. */
export class NamedTopics {
  private readonly parts: TopicParts;
  private readonly transactor: Transactor;
  private readonly membership: Membership;
  private readonly scratch = new Scratch();
  /** Topic → offsets read so far, by partition. */
  private readonly positions = new Map<string, number[]>();

  /** @throws {ConfigError} APPLICATION_OWNED when another has the client's name */
  static async open(parts: TopicParts): Promise<NamedTopics> {
    const ignore = async (): Promise<void> => {};
    const { log, client } = parts;
    const membership = await log.join(
      { group: client, topics: [], slot: client },
      { assigned: ignore, revoked: ignore, lost: ignore },
    );
    return new NamedTopics(parts, await log.transactor(client), membership);
  }

  private constructor(parts: TopicParts, transactor: Transactor, membership: Membership) {
    this.parts = parts;
    this.transactor = transactor;
    this.membership = membership;
  }

  /**
   * Appends records to a stream, table or topic, in one transaction.
   * @throws {SerdeError} when a key or value does not fit its type, or RECORD_TIME when a time is no whole number: none is appended
   * @throws {ConfigError} TOPIC_UNKNOWN
   */
  async send(stream: string, records: readonly SentRecord[]): Promise<void> {
    const topic = this.topic(stream);
    const { key, value } = await this.serdesOf(topic);
    const partitions = this.parts.partitions.get(topic.name) ?? 1;
    const builders = new Map<number, RecordBatchBuilder>();
    for (const record of records) {
      const keyBytes = this.bytes(key, record.key);
      const partition =
        record.partition ?? (keyBytes === null ? 0 : partitionOf(keyBytes, partitions));
      const builder = builders.get(partition) ?? new RecordBatchBuilder();
      builders.set(partition, builder);
      builder.appendPair(
        timeOf(record) ?? this.parts.clock.now(),
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
    await commitAgain(this.transactor, { appends, positions: [] }, this.membership);
  }

  /**
   * The bytes of a value as {@link send} writes it to a stream, table or topic; null: a tombstone.
   * @throws {SerdeError} when it does not fit its type
   * @throws {ConfigError} TOPIC_UNKNOWN
   */
  async encodedValue(stream: string, value: unknown): Promise<Buffer | null> {
    const serdes = await this.serdesOf(this.topic(stream));
    return this.bytes(serdes.value, value);
  }

  /** Committed records since the last read of the same name, by partition, then offset. */
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

  /** All committed records, by partition, then offset. */
  async all(name: string): Promise<readonly TopicRecord[]> {
    return this.records(this.topic(name), []);
  }

  /** Gives the client's name back. */
  async close(): Promise<void> {
    await this.transactor.close();
    await this.membership.leave();
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
        for (const record of records) {
          await this.loadSchemas(record, serdes);
          result.push(decode(record, partition, serdes));
        }
      });
    }
    return result;
  }

  /** Fetches the schemas of a record's writer that were not asked for yet. */
  private async loadSchemas(record: ReadRecord, { key, value }: TopicSerdes): Promise<void> {
    for (const [serde, bytes] of [
      [key, record.key],
      [value, record.value],
    ] as const) {
      if (serde === undefined || bytes === null || !('unknownId' in serde)) continue;
      const id = (serde as AvroSerde).unknownId(bytes, 0, bytes.length);
      if (id !== undefined) await this.parts.serdes.cache.load(id);
    }
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
    throw new ConfigError('TOPIC_UNKNOWN', `there is no stream, table or topic "${name}"`);
  }

  private async serdesOf(topic: TopicPlan): Promise<TopicSerdes> {
    if (topic.key === undefined || topic.value === undefined) {
      return { key: undefined, value: undefined };
    }
    const format = topic.format ?? 'avro';
    return {
      key: await this.parts.serdes.key(topic.name, topic.key, 'write'),
      value:
        topic.role === 'changelog'
          ? await this.parts.serdes.storeValue(topic.name, topic.value)
          : await this.parts.serdes.value(topic.name, topic.value, format, 'write'),
    };
  }

  private bytes(serde: Serde | undefined, value: unknown): Buffer | null {
    if (value === null || value === undefined) return null;
    if (serde === undefined) return Buffer.from(value as Uint8Array);
    return this.scratch.bytesOf(serde, value);
  }
}

function decode(record: ReadRecord, partition: number, serdes: TopicSerdes): TopicRecord {
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

/** A time that is no whole number cannot be read back: it would damage the batch. */
function timeOf({ time }: SentRecord): number | undefined {
  if (time === undefined || time === null || Number.isSafeInteger(time)) return time;
  throw new SerdeError(
    'RECORD_TIME',
    `the record's time is ${String(time)}: give a whole number of ms since epoch`,
  );
}
