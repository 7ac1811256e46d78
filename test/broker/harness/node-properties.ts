import {
  type ClusterOptions,
  type ListenerKind,
  type NodePorts,
  users,
} from './cluster-options.ts';

/** Names that brokers use, and the protocol of each. */
const listenerNames: Readonly<Record<ListenerKind, readonly [name: string, protocol: string]>> = {
  plain: ['PLAIN', 'PLAINTEXT'],
  tls: ['TLS', 'SSL'],
  mtls: ['MTLS', 'SSL'],
  sasl: ['SASL', 'SASL_PLAINTEXT'],
  'sasl-tls': ['SASL_TLS', 'SASL_SSL'],
};

/** One node, as its properties need it. */
export interface NodeProperties {
  readonly id: number;
  readonly role: 'broker' | 'controller' | 'both';
  readonly ports: NodePorts;
  /** Folder of the node's logs. */
  readonly data: string;
  /** All controllers, as `id@host:port`. */
  readonly voters: readonly string[];
  /** PKCS12 store and its password, where a listener has TLS. */
  readonly keystore?: KeyStore;
  /** PKCS12 store of the certificates of clients, where a listener asks for one. */
  readonly truststore?: KeyStore;
}

/** A PKCS12 file, and what opens it. */
export interface KeyStore {
  readonly file: string;
  readonly password: string;
}

/** The text of a node's `server.properties`. */
export function nodeProperties(node: NodeProperties, options: ClusterOptions): string {
  const { brokers = 1, settings = {} } = options;
  const replicas = Math.min(brokers, 3);
  const inSync = Math.max(1, replicas - 1);
  const lines: Record<string, string | number | boolean> = {
    'node.id': node.id,
    'process.roles': node.role === 'both' ? 'broker,controller' : node.role,
    'controller.quorum.voters': node.voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': node.data,
    'num.partitions': 4,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    // A killed broker is out, and a started one in, within seconds.
    'broker.session.timeout.ms': 4_000,
    'broker.heartbeat.interval.ms': 500,
    'controller.quorum.election.timeout.ms': 500,
    'controller.quorum.fetch.timeout.ms': 1_500,
    ...listenerProperties(node, options),
    ...(options.acls === true
      ? {
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          'super.users': 'User:ANONYMOUS',
        }
      : {}),
    ...settings,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function listenerProperties(
  { role, ports, keystore, truststore }: NodeProperties,
  options: ClusterOptions,
): Record<string, string> {
  const kinds = clientListeners(options);
  const at = (name: string, port: number | undefined): string => `${name}://127.0.0.1:${port}`;
  const controller = at('CONTROLLER', ports.controller);
  const internal = at('INTERNAL', ports.internal);
  const client = (of: NodePorts['listeners']): string[] =>
    kinds.map((kind) => at(listenerNames[kind][0], of[kind]));
  const protocols = kinds.map((kind) => listenerNames[kind].join(':'));
  const all: Record<string, string> = {
    'listener.security.protocol.map': [
      'CONTROLLER:PLAINTEXT',
      'INTERNAL:PLAINTEXT',
      ...protocols,
    ].join(','),
  };
  if (role === 'controller') return { ...all, listeners: controller };
  return {
    ...all,
    listeners: [
      internal,
      ...client(ports.listeners),
      ...(role === 'both' ? [controller] : []),
    ].join(','),
    'advertised.listeners': [internal, ...client(ports.advertised)].join(','),
    'inter.broker.listener.name': 'INTERNAL',
    ...(keystore === undefined
      ? {}
      : {
          'ssl.keystore.type': 'PKCS12',
          'ssl.keystore.location': keystore.file,
          'ssl.keystore.password': keystore.password,
          'ssl.key.password': keystore.password,
        }),
    ...(truststore === undefined
      ? {}
      : {
          'listener.name.mtls.ssl.client.auth': 'required',
          'listener.name.mtls.ssl.truststore.type': 'PKCS12',
          'listener.name.mtls.ssl.truststore.location': truststore.file,
          'listener.name.mtls.ssl.truststore.password': truststore.password,
        }),
    ...Object.assign({}, ...kinds.map((kind) => saslProperties(kind))),
  };
}

function saslProperties(kind: ListenerKind): Record<string, string> {
  if (!isSasl(kind)) return {};
  const prefix = `listener.name.${listenerNames[kind][0].toLowerCase()}`;
  const security = 'org.apache.kafka.common.security';
  const names = Object.entries(users).map(([user, password]) => `user_${user}="${password}"`);
  const scram = `${security}.scram.ScramLoginModule required;`;
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [`${prefix}.plain.sasl.jaas.config`]: `${security}.plain.PlainLoginModule required ${names.join(' ')};`,
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: scram,
    [`${prefix}.oauthbearer.sasl.jaas.config`]:
      `${security}.oauthbearer.OAuthBearerLoginModule required ` +
      'unsecuredLoginStringClaim_sub="broker";',
  };
}

/** The client listeners of a cluster, the default one first. */
export function clientListeners(options: ClusterOptions): readonly ListenerKind[] {
  return options.listeners ?? ['plain'];
}

/** True for a listener whose clients say who they are. */
export function isSasl(kind: ListenerKind): boolean {
  return kind === 'sasl' || kind === 'sasl-tls';
}

/** True for a listener with TLS. */
export function isTls(kind: ListenerKind): boolean {
  return kind === 'tls' || kind === 'mtls' || kind === 'sasl-tls';
}
