import { rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kafkaVersion } from './artifacts.ts';
import { BrokerNode } from './broker-node.ts';
import { classArchive } from './class-archive.ts';
import type { ClusterOptions, ListenerKind, NodePorts } from './cluster-options.ts';
import { formatNode } from './format.ts';
import { clientListeners, isTls, nodeProperties } from './node-properties.ts';
import { freePorts } from './ports.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { type Certificate, type ClientCertificate, clientCertificate, selfSigned } from './tls.ts';

/** Id of the node that is a controller alone. */
const controllerId = 100;

/** A Kafka cluster of this process's own, on this machine's Java. */
export interface Cluster {
  /** `host:port` of each broker for the first of the cluster's listeners. */
  readonly brokers: readonly string[];
  /** `host:port` of each broker for a listener: the proxies', where the cluster has them. */
  bootstrap(listener: ListenerKind): readonly string[];
  /** The node with an id (1, 2, …; 100 for a controller alone). @throws Error for another id */
  node(id: number): BrokerNode;
  readonly nodes: readonly BrokerNode[];
  /**
   * The proxy before a broker's listener, the first one by default.
   * @throws Error where there is none
   */
  proxy(id: number, listener?: ListenerKind): TcpProxy;
  /** PEM certificate to trust, where a listener has TLS. */
  readonly ca: string | undefined;
  /** What a client shows to the listener 'mtls', PEM; undefined where the cluster has none. */
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** Ends all nodes and proxies, and deletes the data. */
  close(): Promise<void>;
}

/**
 * Starts a cluster and waits until every node serves clients. Its nodes die with this process.
 * @throws Error where a node does not start, with its log
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  await classArchive(async (flags) => {
    const first = new LocalCluster({}, temporaryFolder('kafka'), flags);
    try {
      await first.start();
      await first.node(1).stop();
    } finally {
      await first.close();
    }
  });
  const cluster = new LocalCluster(options, temporaryFolder('kafka'));
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

class LocalCluster implements Cluster {
  readonly #options: ClusterOptions;
  readonly #folder: string;
  readonly #nodes = new Map<number, BrokerNode>();
  readonly #ports = new Map<number, NodePorts>();
  readonly #proxies = new Map<string, TcpProxy>();
  #certificate: Certificate | undefined;
  #client: ClientCertificate | undefined;

  readonly #flags: readonly string[];

  constructor(options: ClusterOptions, folder: string, flags: readonly string[] = []) {
    this.#options = options;
    this.#folder = folder;
    this.#flags = flags;
  }

  async start(): Promise<void> {
    const { brokers = 1, separateController = false } = this.#options;
    const brokerIds = Array.from({ length: brokers }, (_, i) => i + 1);
    const ids = separateController ? [...brokerIds, controllerId] : brokerIds;
    const kinds = clientListeners(this.#options);
    if (kinds.some(isTls)) this.#certificate = await selfSigned(this.#folder);
    if (kinds.includes('mtls')) this.#client = await clientCertificate(this.#folder, 'client');
    await this.#choosePorts(ids, kinds);
    const voters = (separateController ? [controllerId] : brokerIds).map(
      (id) => `${id}@127.0.0.1:${this.#ports.get(id)?.controller}`,
    );
    for (const id of ids) {
      const role = id === controllerId ? 'controller' : separateController ? 'broker' : 'both';
      this.#nodes.set(id, await this.#prepare(id, role, voters));
    }
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  get nodes(): readonly BrokerNode[] {
    return [...this.#nodes.values()];
  }

  get ca(): string | undefined {
    return this.#certificate?.ca;
  }

  get client(): ClientCertificate | undefined {
    return this.#client;
  }

  get brokers(): readonly string[] {
    return this.bootstrap(this.#defaultListener);
  }

  bootstrap(listener: ListenerKind): readonly string[] {
    return [...this.#ports.values()].flatMap(({ advertised }) => {
      const port = advertised[listener];
      return port === undefined ? [] : [`127.0.0.1:${port}`];
    });
  }

  node(id: number): BrokerNode {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`no node ${id}: ${[...this.#nodes.keys()].join(', ')}`);
    return node;
  }

  proxy(id: number, listener: ListenerKind = this.#defaultListener): TcpProxy {
    const proxy = this.#proxies.get(`${id} ${listener}`);
    if (proxy === undefined) {
      throw new Error(`no proxy before "${listener}" of node ${id}: start with proxied: true`);
    }
    return proxy;
  }

  async close(): Promise<void> {
    await Promise.all([
      ...this.nodes.map((node) => node.kill()),
      ...[...this.#proxies.values()].map((proxy) => proxy.close()),
    ]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #defaultListener(): ListenerKind {
    return clientListeners(this.#options)[0] ?? 'plain';
  }

  async #choosePorts(ids: readonly number[], kinds: readonly ListenerKind[]): Promise<void> {
    const each = 2 + kinds.length;
    const free = await freePorts(ids.length * each);
    for (const [i, id] of ids.entries()) {
      const [internal = 0, controller = 0, ...own] = free.slice(i * each, (i + 1) * each);
      const listeners: Partial<Record<ListenerKind, number>> = {};
      const advertised: Partial<Record<ListenerKind, number>> = {};
      if (id !== controllerId) {
        for (const [k, kind] of kinds.entries()) {
          listeners[kind] = own[k] ?? 0;
          advertised[kind] = await this.#advertise(id, kind, own[k] ?? 0);
        }
      }
      this.#ports.set(id, { internal, controller, listeners, advertised });
    }
  }

  /** The port that clients use: a proxy's, which must be known before the broker starts. */
  async #advertise(id: number, kind: ListenerKind, port: number): Promise<number> {
    if (this.#options.proxied !== true) return port;
    const target = { host: '127.0.0.1', port };
    const proxy = await TcpProxy.start({ target, framed: !isTls(kind) });
    this.#proxies.set(`${id} ${kind}`, proxy);
    return proxy.port;
  }

  async #prepare(
    id: number,
    role: 'broker' | 'controller' | 'both',
    voters: readonly string[],
  ): Promise<BrokerNode> {
    const folder = join(this.#folder, `node-${id}`);
    const data = join(folder, 'data');
    await mkdir(folder, { recursive: true });
    await formatNode(data, id, this.#options);
    const properties = join(folder, 'server.properties');
    const ports = this.#ports.get(id) as NodePorts;
    const stores = {
      ...(this.#certificate === undefined ? {} : { keystore: this.#certificate.keystore }),
      ...(this.#client === undefined ? {} : { truststore: this.#client.truststore }),
    };
    const text = nodeProperties({ id, role, ports, data, voters, ...stores }, this.#options);
    await writeFile(properties, text);
    const flags = [...this.#flags, `-Xmx${this.#options.heapMb ?? 512}m`];
    const logFile = join(folder, 'broker.log');
    const version = this.#options.version ?? kafkaVersion;
    return new BrokerNode({ id, properties, logFile, data, flags, version });
  }
}
