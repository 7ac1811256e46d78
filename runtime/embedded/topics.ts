import { partitionUnknown, topicUnknown } from '../log/log-errors.ts';
import type { TopicSpec } from '../ports.ts';
import { storedJson } from './environment.ts';
import type { Environment } from './environment.ts';
import { kindRange, namedKey, nameOf, partitionKey } from './keys.ts';

/** A topic as it is stored. Ids are never used again. */
export interface StoredTopic extends TopicSpec {
  readonly id: number;
}

/** State of a partition, one small record, written with each append. */
export interface PartitionState {
  /** Log start. */
  start: number;
  /** Position after the last record. */
  end: number;
  /** Bytes of all batches. */
  bytes: number;
  /** Bytes of batches that no compaction pass has seen. */
  dirtyBytes: number;
}

const stateBytes = 32;

/** Topics and partition records of the log's environment. All reads see the present transaction. */
export class Topics {
  private readonly environment: Environment;
  /**
   * Topics by name. Another process may delete a topic and create it anew: a topic from here counts
   * only if its partition record is still there, since ids are never used again.
   */
  private readonly cache = new Map<string, StoredTopic>();

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /** The topic as it is stored now, or undefined. */
  find(name: string): StoredTopic | undefined {
    const bytes = this.environment.get(namedKey('topic', name));
    if (bytes === undefined) {
      this.cache.delete(name);
      return undefined;
    }
    const topic: StoredTopic = {
      ...(storedJson(this.environment.path, bytes) as StoredTopic),
      name,
    };
    this.cache.set(name, topic);
    return topic;
  }

  /** @throws {ConfigError} TOPIC_UNKNOWN */
  get(name: string): StoredTopic {
    const topic = this.find(name);
    if (topic === undefined) throw topicUnknown(name);
    return topic;
  }

  /** All topics, by name. */
  all(): StoredTopic[] {
    const topics: StoredTopic[] = [];
    for (const { key, value } of this.environment.range(...kindRange('topic'))) {
      topics.push({
        ...(storedJson(this.environment.path, value) as StoredTopic),
        name: nameOf(key),
      });
    }
    return topics;
  }

  /** Stores the topic. Only in a transaction. */
  store(topic: StoredTopic): void {
    this.environment.put(namedKey('topic', topic.name), Buffer.from(JSON.stringify(topic)));
  }

  /**
   * Topic id and state of a partition.
   * @throws {ConfigError} TOPIC_UNKNOWN, PARTITION_UNKNOWN
   */
  partition(name: string, partition: number): { readonly id: number; state: PartitionState } {
    const cached = this.cache.get(name);
    if (cached !== undefined) {
      const state = this.state(cached.id, partition);
      if (state !== undefined) return { id: cached.id, state };
    }
    const topic = this.get(name);
    const state = this.state(topic.id, partition);
    if (state === undefined) throw partitionUnknown(name, partition, topic.partitions);
    return { id: topic.id, state };
  }

  /** State of a partition by topic id; undefined when there is none (any more). */
  state(id: number, partition: number): PartitionState | undefined {
    if (!Number.isInteger(partition) || partition < 0) return undefined;
    const bytes = this.environment.get(partitionKey('partition', id, partition));
    if (bytes === undefined) return undefined;
    return {
      start: bytes.readDoubleBE(0),
      end: bytes.readDoubleBE(8),
      bytes: bytes.readDoubleBE(16),
      dirtyBytes: bytes.readDoubleBE(24),
    };
  }

  /** Bytes of the batches of all partitions. */
  totalBytes(): number {
    let total = 0;
    for (const { value } of this.environment.range(...kindRange('partition'))) {
      total += value.readDoubleBE(16);
    }
    return total;
  }

  /** Stores the state of a partition. Only in a transaction. */
  storeState(id: number, partition: number, state: PartitionState): void {
    const bytes = Buffer.allocUnsafe(stateBytes);
    bytes.writeDoubleBE(state.start, 0);
    bytes.writeDoubleBE(state.end, 8);
    bytes.writeDoubleBE(state.bytes, 16);
    bytes.writeDoubleBE(state.dirtyBytes, 24);
    this.environment.put(partitionKey('partition', id, partition), bytes);
  }
}
