import { partitionId } from '../../topology/core/topic-partition.ts';
import {
  groupActive,
  offsetOutOfRange,
  partitionUnknown,
  topicUnknown,
} from '../log/log-errors.ts';
import { checkTopicSpec } from '../log/topic-spec.ts';
import type { Position, TopicAdmin, TopicInfo, TopicSpec } from '../ports.ts';
import { MemoryPartition } from './memory-partition.ts';

/** A topic of a memory log. */
export interface MemoryTopic {
  spec: TopicSpec;
  readonly partitions: readonly MemoryPartition[];
  /** Which of the topics that have had this name. */
  readonly id: string;
}

/** Topics and group positions of a memory log, which shares the two maps with it. */
export class MemoryAdmin implements TopicAdmin {
  private readonly topics: Map<string, MemoryTopic>;
  private readonly positions: Map<string, Map<string, Position>>;
  private readonly isActive: (group: string) => boolean;
  /** Topics created so far, by name. */
  private readonly created = new Map<string, number>();

  constructor(
    topics: Map<string, MemoryTopic>,
    positions: Map<string, Map<string, Position>>,
    isActive: (group: string) => boolean,
  ) {
    this.topics = topics;
    this.positions = positions;
    this.isActive = isActive;
  }

  async list(): Promise<readonly TopicInfo[]> {
    const names = [...this.topics.keys()].sort((a, b) => (a < b ? -1 : 1));
    return names.map((name) => info(this.topic(name)));
  }

  async describe(name: string): Promise<TopicInfo | undefined> {
    const topic = this.topics.get(name);
    return topic === undefined ? undefined : info(topic);
  }

  /** @throws {ConfigError} TOPIC_SPEC */
  async create(spec: TopicSpec): Promise<TopicInfo> {
    checkTopicSpec(spec);
    let topic = this.topics.get(spec.name);
    if (topic === undefined) {
      const partitions = Array.from({ length: spec.partitions }, () => new MemoryPartition());
      const nth = (this.created.get(spec.name) ?? 0) + 1;
      this.created.set(spec.name, nth);
      topic = { spec: { ...spec }, partitions, id: String(nth) };
      this.topics.set(spec.name, topic);
    }
    return info(topic);
  }

  /** @throws {ConfigError} TOPIC_UNKNOWN, TOPIC_SPEC */
  async alter(
    name: string,
    settings: Partial<Pick<TopicSpec, 'cleanup' | 'retention'>>,
  ): Promise<void> {
    const topic = this.topic(name);
    const spec = { ...topic.spec, ...settings };
    checkTopicSpec(spec);
    topic.spec = spec;
  }

  /** Deletes the topic and every group's positions in it. @throws {ConfigError} TOPIC_UNKNOWN */
  async delete(name: string): Promise<void> {
    const { spec } = this.topic(name);
    this.topics.delete(name);
    for (const [group, stored] of this.positions) {
      for (let i = 0; i < spec.partitions; i++) stored.delete(partitionId(name, i));
      if (stored.size === 0) this.positions.delete(group);
    }
  }

  /** @throws {ConfigError} TOPIC_UNKNOWN, PARTITION_UNKNOWN, OFFSET_RANGE */
  async deleteRecords(before: readonly Position[]): Promise<void> {
    const targets = before.map((it) => this.checked(it));
    before.forEach(({ offset }, i) => (targets[i] as MemoryPartition).deleteBefore(offset));
  }

  /** @throws {ConfigError} GROUP_ACTIVE, TOPIC_UNKNOWN, PARTITION_UNKNOWN, OFFSET_RANGE */
  async setPositions(group: string, positions: readonly Position[] | undefined): Promise<void> {
    if (this.isActive(group)) throw groupActive(group);
    if (positions === undefined) {
      this.positions.delete(group);
      return;
    }
    for (const position of positions) this.checked(position);
    const stored = this.positions.get(group) ?? new Map<string, Position>();
    for (const { topic, partition, offset } of positions) {
      stored.set(partitionId(topic, partition), { topic, partition, offset });
    }
    this.positions.set(group, stored);
  }

  async groups(): Promise<readonly string[]> {
    return [...this.positions.keys()].sort((a, b) => (a < b ? -1 : 1));
  }

  private topic(name: string): MemoryTopic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw topicUnknown(name);
    return topic;
  }

  private checked({ topic, partition, offset }: Position): MemoryPartition {
    const { partitions } = this.topic(topic);
    const found = partitions[partition];
    if (found === undefined) throw partitionUnknown(topic, partition, partitions.length);
    if (offset < 0 || offset > found.end) {
      throw offsetOutOfRange(topic, partition, offset, found.end);
    }
    return found;
  }
}

function info({ spec, partitions }: MemoryTopic): TopicInfo {
  return { ...spec, bytes: partitions.map((partition) => partition.bytes) };
}
