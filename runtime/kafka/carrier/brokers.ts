import type { Clock } from '../../../topology/core/clock.ts';
import { ConfigError } from '../../../topology/core/errors.ts';
import { pickVersion } from '../client.ts';
import type { CompiledKafkaOptions } from '../kafka-options.ts';
import { metadata } from '../messages/metadata.ts';
import type { Api, ResponseOf } from '../protocol/api.ts';
import type { NodeId } from '../wire.ts';
import { unreachable, WireError } from '../wire-error.ts';
import type { Connection } from './connection.ts';
import { type Address, Connections, type Lane, sameAddress } from './connections.ts';
import type { KafkaJsConnector } from './kafkajs-connection.ts';

/**
 * Longest wait for one broker to answer where another one could be asked, ms: a broker that hangs is not
 * the cluster's only source of metadata.
 */
const oneBrokerMs = 5_000;

/** The brokers of a cluster: where each of them is, and any of them for what all of them know. */
export class Brokers {
  private readonly options: CompiledKafkaOptions;
  private readonly connections: Connections;
  private addresses: ReadonlyMap<NodeId, Address> = new Map();

  constructor(options: CompiledKafkaOptions, connector: KafkaJsConnector, clock: Clock) {
    this.options = options;
    this.connections = new Connections(connector, options, clock);
  }

  /**
   * A connection to a broker; where it has moved, to its new address.
   * @throws {WireError} KAFKA_UNREACHABLE where it is down, and where the cluster does not name it
   */
  async connect(node: NodeId, lane: Lane): Promise<Connection> {
    const address = this.addresses.get(node);
    if (address !== undefined) {
      try {
        return await this.connections.open(address, lane);
      } catch (error) {
        if (!(error instanceof WireError) || error.code === 'KAFKA_CLOSED') throw error;
        await this.metadata([]).catch(() => {});
        const now = this.addresses.get(node);
        if (now === undefined || sameAddress(now, address)) throw error;
        return this.connections.open(now, lane);
      }
    }
    await this.metadata([]);
    const found = this.addresses.get(node);
    if (found === undefined) {
      throw unreachable(`broker ${node}`, 'the cluster does not name it at the moment');
    }
    return this.connections.open(found, lane);
  }

  /** Metadata of these topics (null: of all) and of the brokers, whose addresses are learnt. */
  async metadata(topics: readonly string[] | null): Promise<ResponseOf<typeof metadata>> {
    const response = await this.ask(metadata, {
      topics: topics === null ? null : topics.map((name) => ({ topicId: Buffer.alloc(16), name })),
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    });
    // A broker that has just started may not know the cluster yet.
    if (response.brokers.length > 0) {
      this.addresses = new Map(
        response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]),
      );
      this.connections.keep([...this.addresses.values()]);
    }
    return response;
  }

  /**
   * Asks the first broker that answers.
   * @throws {WireError} KAFKA_UNREACHABLE with what each address said
   * @throws {ConfigError} where none answers, and one of them because of the options
   */
  async ask<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response> {
    const said: string[] = [];
    let config: ConfigError | undefined;
    const candidates = this.candidates();
    const patience = candidates.length > 1 ? oneBrokerMs : this.options.requestTimeoutMs;
    const timeoutMs = Math.min(patience, this.options.requestTimeoutMs);
    for (const address of candidates) {
      try {
        return await this.askOne(address, api, request, timeoutMs);
      } catch (error) {
        if (error instanceof ConfigError) config ??= error;
        else if (!(error instanceof WireError) || error.code === 'KAFKA_CLOSED') throw error;
        said.push(error.message);
      }
    }
    if (config !== undefined) throw config;
    throw new WireError(
      'KAFKA_UNREACHABLE',
      `no broker of the cluster answers:\n${said.map((it) => `  ${it}`).join('\n')}`,
      { outcome: 'unsent', reaction: 'refresh-metadata' },
    );
  }

  close(): void {
    this.connections.close();
  }

  private async askOne<Request, Response>(
    address: Address,
    api: Api<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<Response> {
    const connection = await this.connections.open(address, 'metadata');
    const where = `${address.host}:${address.port}`;
    if (!connection.versions.has(metadata.key)) {
      throw new ConfigError('KAFKA_BROKERS', `${where} is a controller: name a broker's port`);
    }
    const version = pickVersion(connection.versions, api, where);
    const body = await connection.send({
      apiKey: api.key,
      version,
      flexible: version >= api.flexibleFrom,
      name: api.name,
      body: api.encode(request, version),
      timeoutMs,
    });
    return api.decode(body, version);
  }

  /** Where to ask: connected brokers first, then the others and those of the options, then what failed a moment ago. */
  private candidates(): readonly Address[] {
    const nodes = [...this.addresses.values()];
    const named = this.options.brokers.filter((it) => !nodes.some((node) => sameAddress(node, it)));
    return [...nodes, ...named]
      .map((address) => ({ address, outlook: this.connections.outlook(address, 'metadata') }))
      .toSorted((a, b) => b.outlook - a.outlook)
      .map(({ address }) => address);
  }
}
