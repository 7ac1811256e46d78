import { groupActive, offsetOutOfRange } from '../log/log-errors.ts';
import { checkTopicSpec } from '../log/topic-spec.ts';
import type { Position, TopicAdmin, TopicInfo, TopicSpec } from '../ports.ts';
import { addToCounter } from './counters.ts';
import type { Durability } from './durability.ts';
import type { Environment } from './environment.ts';
import {
  groupRange,
  kindRange,
  namedKey,
  partitionKey,
  positionKey,
  positionParts,
} from './keys.ts';
import type { Owners } from './ownership.ts';
import { pruneBefore, removeDebris } from './pruning.ts';
import type { StoredTopic, Topics } from './topics.ts';

/** Topics and group positions of the embedded log. Changes are durable as its `sync` says. */
export class EmbeddedAdmin implements TopicAdmin {
  private readonly environment: Environment;
  private readonly topics: Topics;
  private readonly owners: Owners;
  private readonly durability: Durability;

  constructor(environment: Environment, topics: Topics, owners: Owners, durability: Durability) {
    this.environment = environment;
    this.topics = topics;
    this.owners = owners;
    this.durability = durability;
  }

  async list(): Promise<readonly TopicInfo[]> {
    this.environment.refresh();
    return this.topics.all().map((topic) => this.info(topic));
  }

  async describe(name: string): Promise<TopicInfo | undefined> {
    this.environment.refresh();
    const topic = this.topics.find(name);
    return topic === undefined ? undefined : this.info(topic);
  }

  /** @throws {ConfigError} TOPIC_SPEC */
  async create(spec: TopicSpec): Promise<TopicInfo> {
    checkTopicSpec(spec);
    const { name, partitions, cleanup, retention } = spec;
    const topic = this.environment.write(() => {
      const present = this.topics.find(name);
      if (present !== undefined) return present;
      const id = addToCounter(this.environment, 'topic-id', 1);
      const created: StoredTopic = { id, name, partitions, cleanup, retention };
      this.topics.store(created);
      for (let partition = 0; partition < partitions; partition++) {
        this.topics.storeState(id, partition, { start: 0, end: 0, bytes: 0, dirtyBytes: 0 });
      }
      return created;
    });
    await this.durability.settle();
    return this.info(topic);
  }

  /** @throws {ConfigError} TOPIC_UNKNOWN, TOPIC_SPEC */
  async alter(
    name: string,
    settings: Partial<Pick<TopicSpec, 'cleanup' | 'retention'>>,
  ): Promise<void> {
    this.environment.write(() => {
      const topic = { ...this.topics.get(name), ...settings };
      checkTopicSpec(topic);
      this.topics.store(topic);
    });
    await this.durability.settle();
  }

  /** Deletes the topic and every group's positions in it. @throws {ConfigError} TOPIC_UNKNOWN */
  async delete(name: string): Promise<void> {
    this.environment.write(() => {
      const { id, partitions } = this.topics.get(name);
      this.environment.remove(namedKey('topic', name));
      for (let partition = 0; partition < partitions; partition++) {
        this.environment.remove(partitionKey('partition', id, partition));
        this.environment.remove(partitionKey('cleaning', id, partition));
        this.environment.put(partitionKey('debris', id, partition), Buffer.alloc(1));
      }
      const keys = [...this.environment.keys(...kindRange('position'))];
      for (const key of keys) {
        if (positionParts(key).topicId === id) this.environment.remove(key);
      }
    });
    while (this.environment.write(() => removeDebris(this.environment)));
    await this.durability.settle();
  }

  /** @throws {ConfigError} TOPIC_UNKNOWN, PARTITION_UNKNOWN, OFFSET_RANGE */
  async deleteRecords(before: readonly Position[]): Promise<void> {
    for (let more = true; more;) {
      more = this.environment.write(() => {
        // All are checked before any is changed.
        const ids = before.map((position) => this.checked(position));
        return before
          .map(({ partition, offset }, i) =>
            pruneBefore(this.environment, this.topics, ids[i] as number, partition, offset),
          )
          .includes(true);
      });
    }
    await this.durability.settle();
  }

  /** @throws {ConfigError} GROUP_ACTIVE, TOPIC_UNKNOWN, PARTITION_UNKNOWN, OFFSET_RANGE */
  async setPositions(group: string, positions: readonly Position[] | undefined): Promise<void> {
    this.environment.write(() => {
      if (this.owners.isActive(group)) throw groupActive(group);
      if (positions === undefined) {
        const keys = [...this.environment.keys(...groupRange(group))];
        for (const key of keys) this.environment.remove(key);
        return;
      }
      for (const position of positions) {
        const id = this.checked(position);
        storePosition(this.environment, group, id, position);
      }
    });
    await this.durability.settle();
  }

  async groups(): Promise<readonly string[]> {
    this.environment.refresh();
    const groups = new Set<string>();
    for (const key of this.environment.keys(...kindRange('position'))) {
      groups.add(positionParts(key).group);
    }
    return [...groups];
  }

  private info({ id, name, partitions, cleanup, retention }: StoredTopic): TopicInfo {
    const bytes = Array.from(
      { length: partitions },
      (_, partition) => this.topics.state(id, partition)?.bytes ?? 0,
    );
    return { name, partitions, cleanup, retention, bytes };
  }

  private checked({ topic, partition, offset }: Position): number {
    const { id, state } = this.topics.partition(topic, partition);
    if (offset < 0 || offset > state.end) {
      throw offsetOutOfRange(topic, partition, offset, state.end);
    }
    return id;
  }
}

/** Stores a group's position. Only in a transaction. */
export function storePosition(
  environment: Environment,
  group: string,
  topicId: number,
  position: Position,
): void {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(position.offset, 0);
  environment.put(positionKey(group, topicId, position.partition), bytes);
}
