import type { Clock } from '../../../topology/core/clock.ts';
import { refused } from '../broker-error.ts';
import { codeOf } from '../error-codes.ts';
import type { CompiledKafkaOptions } from '../kafka-options.ts';
import { findCoordinator } from '../messages/find-coordinator.ts';
import type { metadata } from '../messages/metadata.ts';
import type { ResponseOf } from '../protocol/api.ts';
import type { ClusterMetadata, KafkaWire, NodeId, RawRequest, TopicMetadata } from '../wire.ts';
import { unreachable, wireClosed } from '../wire-error.ts';
import { Brokers } from './brokers.ts';
import type { Connection, Versions } from './connection.ts';
import type { KafkaJsConnector } from './kafkajs-connection.ts';
import { clusterOf, topicOf } from './topic-metadata.ts';

/** Between two questions for a coordinator that is not there yet, ms. */
const coordinatorRetryMs = 100;

/** {@link KafkaWire} over connections of KafkaJS. */
export class CarrierWire implements KafkaWire {
  private readonly options: CompiledKafkaOptions;
  private readonly clock: Clock;
  private readonly brokers: Brokers;
  private readonly known = {
    topics: new Map<string, TopicMetadata>(),
    coordinators: new Map<string, NodeId>(),
    /** As of the last connection: a request need not wait for one to choose its version. */
    versions: new Map<NodeId, Versions>(),
  };
  private closed = false;

  constructor(options: CompiledKafkaOptions, connector: KafkaJsConnector, clock: Clock) {
    this.options = options;
    this.clock = clock;
    this.brokers = new Brokers(options, connector, clock);
  }

  async rpc(node: NodeId, request: RawRequest): Promise<Buffer> {
    if (this.closed) throw wireClosed(request.name);
    const startMs = this.clock.monotonic();
    const connection = await this.connected(node, request);
    const leftMs = request.timeoutMs - (this.clock.monotonic() - startMs);
    return connection.send({ ...request, timeoutMs: Math.max(1, leftMs) });
  }

  async cluster(): Promise<ClusterMetadata> {
    return clusterOf(await this.brokers.metadata([]));
  }

  async topics(
    names: readonly string[],
    refresh = false,
  ): Promise<ReadonlyMap<string, TopicMetadata>> {
    const asked = refresh ? names : names.filter((name) => !this.known.topics.has(name));
    if (asked.length > 0) {
      const response = await this.brokers.metadata(asked);
      for (const topic of response.topics) this.learn(topic);
    }
    const found = new Map<string, TopicMetadata>();
    for (const name of names) {
      const topic = this.known.topics.get(name);
      if (topic !== undefined) found.set(name, topic);
    }
    return found;
  }

  async coordinator(key: string, kind: 'group' | 'transaction', refresh = false): Promise<NodeId> {
    const id = `${kind}:${key}`;
    const known = this.known.coordinators.get(id);
    if (known !== undefined && !refresh) return known;
    const node = await this.findCoordinator(key, kind);
    this.known.coordinators.set(id, node);
    return node;
  }

  async versions(node: NodeId): Promise<Versions> {
    const known = this.known.versions.get(node);
    if (known !== undefined) return known;
    const { requestTimeoutMs: timeoutMs } = this.options;
    return (await this.connected(node, { lane: 'control', timeoutMs })).versions;
  }

  close(): Promise<void> {
    this.closed = true;
    this.brokers.close();
    return Promise.resolve();
  }

  /** A connection, if there is one in the request's time; the attempt goes on for those that come after. */
  private async connected(
    node: NodeId,
    request: Pick<RawRequest, 'lane' | 'timeoutMs'>,
  ): Promise<Connection> {
    let late: (error: Error) => void = () => {};
    const lateness = new Promise<never>((_, reject) => (late = reject));
    const cancel = this.clock.after(request.timeoutMs, () => {
      late(unreachable(`broker ${node}`, `none could be made within ${request.timeoutMs} ms`));
    });
    try {
      const connection = await Promise.race([this.brokers.connect(node, request.lane), lateness]);
      this.known.versions.set(node, connection.versions);
      return connection;
    } finally {
      cancel();
    }
  }

  private learn(topic: ResponseOf<typeof metadata>['topics'][number]): void {
    const name = topic.name ?? '';
    const error = codeOf(topic.errorCode);
    if (error.name === 'UNKNOWN_TOPIC_OR_PARTITION') this.known.topics.delete(name);
    else if (error.name === 'NONE' || error.name === 'LEADER_NOT_AVAILABLE') {
      this.known.topics.set(name, topicOf(topic));
    } else {
      const right = `Describe on topic "${name}"`;
      throw refused(error.code, `describe topic "${name}"`, { topic: name, right });
    }
  }

  /** Asks until there is one: the first user of a cluster makes it create its internal topics. */
  private async findCoordinator(key: string, kind: 'group' | 'transaction'): Promise<NodeId> {
    const deadline = this.clock.monotonic() + this.options.requestTimeoutMs;
    const request = { keyType: kind === 'group' ? 0 : 1, coordinatorKeys: [key] };
    for (;;) {
      const [found] = (await this.brokers.ask(findCoordinator, request)).coordinators;
      const { errorCode, nodeId } = found ?? { errorCode: -1, nodeId: -1 };
      if (errorCode === 0) return nodeId;
      const { reaction } = codeOf(errorCode);
      const passing = reaction === 'retry' || reaction === 'refind-coordinator';
      if (!passing || this.clock.monotonic() >= deadline) {
        const what = kind === 'group' ? `group "${key}"` : `transactional id "${key}"`;
        throw refused(errorCode, `find the coordinator of ${what}`, {
          right: `Describe on ${what}`,
        });
      }
      await new Promise<void>((resolve) => this.clock.after(coordinatorRetryMs, resolve));
    }
  }
}
