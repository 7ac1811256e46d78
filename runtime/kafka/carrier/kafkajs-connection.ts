import { createConnection, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kafka, logLevel, type Cluster, type ISocketFactory, type KafkaConfig } from 'kafkajs';
import { IllegalStateError } from '../../../topology/core/errors.ts';

/** What is used of KafkaJS 2.2.4's connections: they are not in its types. A test holds it to this shape. */
export interface KafkaJsConnection {
  readonly host: string;
  readonly port: number;
  /** Set as soon as `connect` was called. */
  readonly socket?: Socket;
  readonly requestQueue: { scheduleCheckPendingRequests(): void };
  connect(): Promise<unknown>;
  isConnected(): boolean;
  /** What the broker takes: authentication chooses its versions by it. */
  setVersions(
    versions: Readonly<
      Record<number, { readonly minVersion: number; readonly maxVersion: number }>
    >,
  ): void;
  setSupportAuthenticationProtocol(supported: boolean): void;
  authenticate(): Promise<void>;
  send(exchange: KafkaJsExchange): Promise<Buffer>;
}

/** A request as KafkaJS takes it: after its own header (version 1) it writes `buffer`. */
export interface KafkaJsExchange {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    readonly decode: (payload: Buffer) => Promise<Buffer>;
    readonly parse: (payload: Buffer) => Promise<Buffer>;
  };
}

/** Gives a connection to an address; it is not connected yet. */
export type KafkaJsConnector = (host: string, port: number) => Promise<KafkaJsConnection>;

export interface ConnectorOptions {
  readonly clientId: string;
  readonly ssl: KafkaConfig['ssl'];
  readonly sasl: KafkaConfig['sasl'];
  readonly connectTimeoutMs: number;
}

/** Between two keep-alive probes of an idle connection. */
const keepAliveMs = 60_000;

/** KafkaJS's own limit for TCP and TLS comes so much after the carrier's, which is what counts. */
const graceMs = 1_000;

/** Without Nagle's delay: requests are small and somebody waits for each. */
const openSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket =
    (ssl as unknown) === undefined || (ssl as unknown) === null
      ? createConnection({ host, port }, onConnect)
      : connectTls({ host, port, ...name, ...ssl }, onConnect);
  socket.setKeepAlive(true, keepAliveMs);
  socket.setNoDelay(true);
  return socket;
};

/**
 * KafkaJS's connections by themselves: the cluster that a consumer's assigner is given makes them; the consumer never runs. Its retries, its
 * time-outs (own ones take their place) and its logger (every failure is an error of its own here) are off.
 */
export function kafkaJsConnector(options: ConnectorOptions): KafkaJsConnector {
  const kafka = new Kafka({
    brokers: ['unused:1'],
    clientId: options.clientId,
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    socketFactory: openSocket,
    connectionTimeout: options.connectTimeoutMs + graceMs,
    enforceRequestTimeout: false,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
    logCreator: () => () => {},
  });
  let cluster: Cluster | undefined;
  kafka.consumer({
    groupId: 'unused',
    partitionAssigners: [
      (given) => {
        cluster = given.cluster;
        return {
          name: 'unused',
          version: 0,
          protocol: () => ({ name: 'unused', metadata: Buffer.alloc(0) }),
          assign: () => Promise.resolve([]),
        };
      },
    ],
  });
  const builder = builderOf(cluster);
  return async (host, port) => {
    const { pool } = await builder.build({ host, port });
    const connection: unknown = pool[0];
    if (!isConnection(connection)) throw shapeChanged('connectionPool.pool[0]');
    // KafkaJS arms a timer after each response to look at its queue, with a negative delay where
    // nothing is throttled (a warning on Node 24). The queue is never used: nothing limits requests in flight.
    connection.requestQueue.scheduleCheckPendingRequests = () => {};
    return connection;
  };
}

interface PoolBuilder {
  build(address: { host: string; port: number }): Promise<{ readonly pool: readonly unknown[] }>;
}

function builderOf(cluster: Cluster | undefined): PoolBuilder {
  const builder = (
    cluster as { brokerPool?: { connectionPoolBuilder?: Partial<PoolBuilder> } } | undefined
  )?.brokerPool?.connectionPoolBuilder;
  if (typeof builder?.build !== 'function') {
    throw shapeChanged('cluster.brokerPool.connectionPoolBuilder');
  }
  return builder as PoolBuilder;
}

const methods = [
  'connect',
  'isConnected',
  'setVersions',
  'setSupportAuthenticationProtocol',
  'authenticate',
  'send',
] as const;

function isConnection(value: unknown): value is KafkaJsConnection {
  const found = value as Partial<KafkaJsConnection> | undefined;
  return (
    typeof found?.requestQueue?.scheduleCheckPendingRequests === 'function' &&
    methods.every((method) => typeof found[method] === 'function')
  );
}

function shapeChanged(what: string): IllegalStateError {
  return new IllegalStateError(
    'KAFKAJS_SHAPE',
    `the installed kafkajs has no usable ${what}: version 2.2.4 is needed, install exactly that`,
  );
}
