/**
 * A kind of client connection: in the clear, TLS, TLS with a certificate of the client ('mtls'), and
 * SASL over each of the first two. The broker's certificate is
 * self-signed for `localhost` and 127.0.0.1; it trusts the client's that `cluster.client` is. SASL takes PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and
 * OAUTHBEARER (unsecured tokens), the users being {@link users}.
 */
export type ListenerKind = 'plain' | 'tls' | 'mtls' | 'sasl' | 'sasl-tls';

/** User → password, of PLAIN and SCRAM alike. OAUTHBEARER takes any name without one. */
export const users: Readonly<Record<string, string>> = {
  alice: 'alice-secret',
  bob: 'bob-secret',
};

/** What a cluster is made of. */
export interface ClusterOptions {
  /** Version of Kafka; that of the other tests by default. */
  readonly version?: string;
  /** Brokers, with the ids 1, 2, …; 1 by default. */
  readonly brokers?: number;
  /** Client listeners, `['plain']` by default. The first is the one meant where none is named. */
  readonly listeners?: readonly ListenerKind[];
  /**
   * One controller more, with id 100, that is no broker: killing brokers then never costs the
   * controllers' majority. By default every broker is a controller, too.
   */
  readonly separateController?: boolean;
  /** Every client listener is reached through a proxy in this process: `cluster.proxy(id)`. */
  readonly proxied?: boolean;
  /**
   * Rights are checked. `plain` and `tls` clients (nobody in particular) may do everything, users
   * of `sasl` nothing until a rule lets them.
   */
  readonly acls?: boolean;
  /** Feature → level at format time, such as `{ 'transaction.version': 1 }`. */
  readonly features?: Readonly<Record<string, number>>;
  /** Broker settings that come on top. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Largest heap of a node, MB; 512 by default. */
  readonly heapMb?: number;
}

/** Where a node listens, all on 127.0.0.1. */
export interface NodePorts {
  readonly internal: number;
  readonly controller: number;
  /** Client listener → the broker's own port. */
  readonly listeners: Readonly<Partial<Record<ListenerKind, number>>>;
  /** Client listener → the port that clients are told: the proxy's, where there is one. */
  readonly advertised: Readonly<Partial<Record<ListenerKind, number>>>;
}
