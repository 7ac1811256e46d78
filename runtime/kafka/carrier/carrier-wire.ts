import type { Clock } from '../../../topology/core/clock.ts';
import { ConfigError } from '../../../topology/core/errors.ts';
import { refused } from '../broker-error.ts';
import { codeOf } from '../error-codes.ts';
import type { CompiledKafkaOptions } from '../kafka-options.ts';
import { findCoordinator } from '../messages/find-coordinator.ts';
import { metadata } from '../messages/metadata.ts';
import type { Api, ResponseOf } from '../protocol/api.ts';
import type { ClusterMetadata, KafkaWire, NodeId, RawRequest, TopicMetadata } from '../wire.ts';
import { unreachable, WireError, wireClosed } from '../wire-error.ts';
import type { Connection, Versions } from './connection.ts';
import { Connections, type Address } from './connections.ts';
import type { KafkaJsConnector } from './kafkajs-connection.ts';
import { clusterOf, topicOf } from './topic-metadata.ts';

/** Between two questions for a coordinator that is not there yet, ms. */
const coordinatorRetryMs = 100;

/** {@link KafkaWire} over connections of KafkaJS. */
export class CarrierWire implements KafkaWire {
  private readonly options: CompiledKafkaOptions;
  private readonly clock: Clock;
  private readonly connections: Connections;
  private nodes: ReadonlyMap<NodeId, Address> = new Map();
  private readonly known = new Map<string, TopicMetadata>();
  private readonly coordinators = new Map<string, NodeId>();
  private closed = false;

  constructor(options: CompiledKafkaOptions, connector: KafkaJsConnector, clock: Clock) {
    this.options = options;
    this.clock = clock;
    this.connections = new Connections(connector, options, clock);
  }

  /** Asks the cluster for its brokers: the first sign of life. */
  async start(): Promise<void> {
    await this.askMetadata([]);
  }

  async rpc(node: NodeId, request: RawRequest): Promise<Buffer> {
    const connection = await this.connect(node, request.lane, request.name);
    return connection.send(request);
  }

  async cluster(): Promise<ClusterMetadata> {
    return clusterOf(await this.askMetadata([]));
  }

  async topics(
    names: readonly string[],
    refresh = false,
  ): Promise<ReadonlyMap<string, TopicMetadata>> {
    const asked = refresh ? names : names.filter((name) => !this.known.has(name));
    if (asked.length > 0) {
      const response = await this.askMetadata(asked);
      for (const topic of response.topics) this.learn(topic);
    }
    const found = new Map<string, TopicMetadata>();
    for (const name of names) {
      const topic = this.known.get(name);
      if (topic !== undefined) found.set(name, topic);
    }
    return found;
  }

  async coordinator(key: string, kind: 'group' | 'transaction', refresh = false): Promise<NodeId> {
    const id = `${kind}:${key}`;
    const known = this.coordinators.get(id);
    if (known !== undefined && !refresh) return known;
    const node = await this.findCoordinator(key, kind);
    this.coordinators.set(id, node);
    return node;
  }

  async versions(node: NodeId): Promise<Versions> {
    return (await this.connect(node, 'control', 'ApiVersions')).versions;
  }

  close(): Promise<void> {
    this.closed = true;
    this.connections.close();
    return Promise.resolve();
  }

  /** A connection to the node; where it has moved, to its new address. */
  private async connect(
    node: NodeId,
    lane: RawRequest['lane'],
    request: string,
  ): Promise<Connection> {
    if (this.closed) throw wireClosed(request);
    const address = this.nodes.get(node);
    if (address !== undefined) {
      try {
        return await this.connections.open(address, lane);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        await this.askMetadata([]).catch(() => {});
        const now = this.nodes.get(node);
        if (now === undefined || same(now, address)) throw error;
        return this.connections.open(now, lane);
      }
    }
    await this.askMetadata([]);
    const found = this.nodes.get(node);
    if (found === undefined) {
      throw unreachable(`broker ${node}`, 'the cluster does not name it at the moment');
    }
    return this.connections.open(found, lane);
  }

  private learn(topic: ResponseOf<typeof metadata>['topics'][number]): void {
    const name = topic.name ?? '';
    const { errorCode } = topic;
    if (codeOf(errorCode).name === 'UNKNOWN_TOPIC_OR_PARTITION') this.known.delete(name);
    else if (errorCode === 0 || codeOf(errorCode).name === 'LEADER_NOT_AVAILABLE') {
      this.known.set(name, topicOf(topic));
    } else throw refused(errorCode, `read topic "${name}"`, { topic: name });
  }

  private async askMetadata(topics: readonly string[]): Promise<ResponseOf<typeof metadata>> {
    const response = await this.askAny(metadata, {
      topics: topics.map((name) => ({ topicId: Buffer.alloc(16), name })),
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    });
    // A broker that has just started may not know the cluster yet.
    if (response.brokers.length > 0) {
      this.nodes = new Map(
        response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]),
      );
      this.connections.keep([...this.nodes.values()]);
    }
    return response;
  }

  private async findCoordinator(key: string, kind: 'group' | 'transaction'): Promise<NodeId> {
    const deadline = this.clock.monotonic() + this.options.requestTimeoutMs;
    for (;;) {
      const request = { keyType: kind === 'group' ? 0 : 1, coordinatorKeys: [key] };
      const { coordinators } = await this.askAny(findCoordinator, request);
      const { errorCode, nodeId } = coordinators[0] ?? { errorCode: -1, nodeId: -1 };
      if (errorCode === 0) return nodeId;
      const { reaction } = codeOf(errorCode);
      const passing = reaction === 'retry' || reaction === 'refind-coordinator';
      if (!passing || this.clock.monotonic() >= deadline) {
        throw refused(errorCode, `find the coordinator of ${kind} "${key}"`);
      }
      await new Promise<void>((resolve) => this.clock.after(coordinatorRetryMs, resolve));
    }
  }

  /** Asks the first broker that answers: connected ones first, then the others, then those of the options. */
  private async askAny<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const said: string[] = [];
    let config: ConfigError | undefined;
    for (const address of this.candidates()) {
      if (this.closed) throw wireClosed(api.name);
      try {
        const connection = await this.connections.open(address, 'control');
        const version = versionIn(connection.versions, api, `${address.host}:${address.port}`);
        const body = await connection.send({
          apiKey: api.key,
          version,
          flexible: version >= api.flexibleFrom,
          name: api.name,
          body: api.encode(request, version),
          lane: 'control',
          timeoutMs: this.options.requestTimeoutMs,
        });
        return api.decode(body, version);
      } catch (error) {
        if (error instanceof ConfigError) config ??= error;
        else if (!(error instanceof WireError)) throw error;
        said.push(error.message);
      }
    }
    if (config !== undefined) throw config;
    throw new WireError(
      'KAFKA_UNREACHABLE',
      `no broker of the cluster can be reached:\n${said.map((it) => `  ${it}`).join('\n')}`,
      { outcome: 'unsent', reaction: 'refresh-metadata' },
    );
  }

  private candidates(): readonly Address[] {
    const nodes = [...this.nodes.values()];
    const connected = nodes.filter((it) => this.connections.has(it));
    const rest = nodes.filter((it) => !connected.includes(it));
    const named = this.options.brokers.filter((it) => !nodes.some((node) => same(node, it)));
    return [...connected, ...rest, ...named];
  }
}

function same(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}

function versionIn<Request, Response>(
  versions: Versions,
  api: Api<Request, Response>,
  where: string,
): number {
  const [oldest, newest] = api.versions;
  const range = versions.get(api.key);
  const version = Math.min(newest, range?.[1] ?? -1);
  if (range === undefined || version < oldest || version < range[0]) {
    throw new ConfigError(
      'BROKER_VERSION',
      `broker ${where} is too old or too new: no ${api.name}`,
    );
  }
  return version;
}
