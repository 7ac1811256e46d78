import type { Clock } from '../../topology/core/clock.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import { offsetOutOfRange, topicUnknown } from '../log/log-errors.ts';
import { checkTopicSpec } from '../log/topic-spec.ts';
import type { Position, TopicAdmin, TopicInfo, TopicSpec } from '../ports.ts';
import { groupsWithPositions, removePositions, writePositions } from './admin/group-upkeep.ts';
import { anyNode, persist } from './admin/persist.ts';
import {
  kafkaSettings,
  readSettings,
  settingsOfNew,
  type TopicSettings,
  writeSettings,
} from './admin/topic-settings.ts';
import { partitionBytes } from './admin/topic-sizes.ts';
import { askLeaders, type Asking } from './ask-leaders.ts';
import { refused } from './broker-error.ts';
import { call } from './client.ts';
import { codeOf } from './error-codes.ts';
import { byTopic } from './leaders.ts';
import { createTopics } from './messages/create-topics.ts';
import { deleteRecords } from './messages/delete-records.ts';
import { deleteTopics } from './messages/delete-topics.ts';
import { metadata } from './messages/metadata.ts';
import { partitionEnds } from './offsets.ts';
import type { KafkaWire, TopicMetadata } from './wire.ts';

export interface KafkaAdminOptions {
  /** Copies of each partition of a new topic. @defaultValue as the brokers say (`default.replication.factor`) */
  readonly replicationFactor?: number;
  /** How long to try again what passes by itself, ms. @defaultValue 60 s */
  readonly patienceMs?: number;
}

const defaultPatienceMs = 60_000;
/** Longest time that a broker may take for a change, ms. */
const changeMs = 20_000;
const byDefault = -1;

/**
 * Topics and positions of a Kafka cluster. A change resolves when it is visible; where an answer was lost it is made again.
 * @throws {ConfigError} KAFKA_RIGHTS with the right that is missing, KAFKA_REFUSED
 * @throws {StorageError} LOG_UNAVAILABLE when the patience is at an end
 */
export class KafkaAdmin implements TopicAdmin {
  private readonly asking: Asking;
  private readonly replicationFactor: number;

  constructor(wire: KafkaWire, clock: Clock, options: KafkaAdminOptions = {}) {
    this.asking = { wire, clock, patienceMs: options.patienceMs ?? defaultPatienceMs };
    this.replicationFactor = options.replicationFactor ?? byDefault;
  }

  /** Topics in order of name, without those of the brokers themselves. */
  async list(): Promise<readonly TopicInfo[]> {
    const { wire } = this.asking;
    const all = await persist(this.asking, 'list topics', async () =>
      call(wire, await anyNode(this.asking), metadata, {
        topics: null,
        allowAutoTopicCreation: false,
        includeTopicAuthorizedOperations: false,
      }),
    );
    const names = all.topics.flatMap(({ name, isInternal }) =>
      name === null || isInternal ? [] : [name],
    );
    return this.describeAll(names.sort((a, b) => (a < b ? -1 : 1)));
  }

  async describe(name: string): Promise<TopicInfo | undefined> {
    return (await this.describeAll([name]))[0];
  }

  /** @throws {ConfigError} TOPIC_SPEC */
  async create(topic: TopicSpec): Promise<TopicInfo> {
    checkTopicSpec(topic);
    const { name } = topic;
    const what = `create topic "${name}"`;
    await persist(this.asking, what, async () => {
      const { topics } = await call(this.asking.wire, await anyNode(this.asking), createTopics, {
        topics: [
          {
            name,
            numPartitions: topic.partitions,
            replicationFactor: this.replicationFactor,
            assignments: [],
            configs: [...settingsOfNew(topic)].map(([key, value]) => ({ name: key, value })),
          },
        ],
        timeoutMs: changeMs,
        validateOnly: false,
      });
      for (const { errorCode, errorMessage: said } of topics) {
        if (errorCode === 0 || codeOf(errorCode).name === 'TOPIC_ALREADY_EXISTS') continue;
        const right = `Create on the cluster or on topic "${name}"`;
        throw refused(errorCode, what, { topic: name, said, right });
      }
    });
    return this.see(what, async () => {
      const found = await this.describe(name);
      const known = (await this.asking.wire.topics([name])).get(name);
      return known?.partitions.every(({ leader }) => leader >= 0) === true ? found : undefined;
    });
  }

  /** @throws {ConfigError} TOPIC_UNKNOWN, TOPIC_SPEC */
  async alter(name: string, settings: Partial<TopicSettings>): Promise<void> {
    const topic = await this.describe(name);
    if (topic === undefined) throw topicUnknown(name);
    const wanted = { ...topic, ...settings };
    checkTopicSpec(wanted);
    const changes = kafkaSettings(settings);
    if (changes.size === 0) return;
    await writeSettings(this.asking, name, changes);
    await this.see(`alter topic "${name}"`, async () => {
      const now = (await readSettings(this.asking, [name])).get(name);
      const done = now?.cleanup === wanted.cleanup && now.retention === wanted.retention;
      return done ? now : undefined;
    });
  }

  /** @throws {ConfigError} TOPIC_UNKNOWN */
  async delete(name: string): Promise<void> {
    const { wire } = this.asking;
    const what = `delete topic "${name}"`;
    await persist(this.asking, what, async (failures) => {
      const { responses } = await call(wire, await anyNode(this.asking), deleteTopics, {
        topics: [{ name, topicId: Buffer.alloc(16) }],
        timeoutMs: changeMs,
      });
      for (const { errorCode, errorMessage: said } of responses) {
        if (errorCode === 0) continue;
        if (codeOf(errorCode).name === 'UNKNOWN_TOPIC_OR_PARTITION') {
          // After a lost answer it may be this very request that has deleted it.
          if (failures > 0) continue;
          throw topicUnknown(name);
        }
        const right = `Delete on topic "${name}"`;
        throw refused(errorCode, what, { topic: name, said, right });
      }
    });
    await this.see(what, async () => ((await wire.topics([name], true)).has(name) ? undefined : 1));
  }

  /** @throws {ConfigError} TOPIC_UNKNOWN, PARTITION_UNKNOWN, OFFSET_RANGE */
  async deleteRecords(before: readonly Position[]): Promise<void> {
    await this.refuseBeyondEnd(before);
    await askLeaders(this.asking, before, 'delete records', async (node, items) => {
      const { topics } = await call(this.asking.wire, node, deleteRecords, {
        topics: byTopic(items).map(([name, of]) => ({
          name,
          partitions: of.map(({ partition, offset }) => ({ partitionIndex: partition, offset })),
        })),
        timeoutMs: changeMs,
      });
      return topics.flatMap(({ name: topic, partitions }) =>
        partitions.map(({ partitionIndex: partition, errorCode, lowWatermark }) =>
          errorCode === 0
            ? { topic, partition, value: lowWatermark }
            : { topic, partition, errorCode },
        ),
      );
    });
  }

  /** @throws {ConfigError} GROUP_ACTIVE, TOPIC_UNKNOWN, PARTITION_UNKNOWN, OFFSET_RANGE */
  async setPositions(group: string, positions: readonly Position[] | undefined): Promise<void> {
    if (positions === undefined) return removePositions(this.asking, group);
    await this.refuseBeyondEnd(positions);
    await writePositions(this.asking, group, positions);
  }

  groups(): Promise<readonly string[]> {
    return groupsWithPositions(this.asking);
  }

  private async refuseBeyondEnd(positions: readonly Position[]): Promise<void> {
    const ends = await partitionEnds(this.asking, positions, 'uncommitted');
    for (const [i, { topic, partition, offset }] of positions.entries()) {
      const end = ends[i]?.end ?? 0;
      if (offset < 0 || offset > end) throw offsetOutOfRange(topic, partition, offset, end);
    }
  }

  /** Descriptions in order of the names, without topics that are not there. */
  private async describeAll(names: readonly string[]): Promise<readonly TopicInfo[]> {
    const topics = await persist(this.asking, 'describe topics', () =>
      this.asking.wire.topics(names, true),
    );
    const there = names.flatMap((name) => topics.get(name) ?? []);
    const [settings, bytes] = await Promise.all([
      readSettings(
        this.asking,
        there.map(({ name }) => name),
      ),
      partitionBytes(this.asking, there),
    ]);
    return there.flatMap((topic) => {
      const own = settings.get(topic.name);
      return own === undefined ? [] : [infoOf(topic, own, bytes)];
    });
  }

  /** Waits until something is to be seen. */
  private see<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    return persist(this.asking, what, async () => {
      const seen = await look();
      if (seen === undefined) throw refused(notYet, what);
      return seen;
    });
  }
}

/** REQUEST_TIMED_OUT: brokers take over a change one after the other. */
const notYet = 7;

function infoOf(
  { name, partitions }: TopicMetadata,
  settings: TopicSettings,
  bytes: ReadonlyMap<string, number>,
): TopicInfo {
  const sizes = partitions.map(({ partition }) => bytes.get(partitionId(name, partition)));
  const known = sizes.filter((it) => it !== undefined);
  return {
    name,
    partitions: partitions.length,
    ...settings,
    ...(known.length === sizes.length ? { bytes: known } : {}),
  };
}
