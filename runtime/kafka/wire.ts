/** A broker's number in its cluster. */
export type NodeId = number;

/** One request as bytes. */
export interface RawRequest {
  readonly apiKey: number;
  readonly version: number;
  /** True for a flexible version: its header ends in tagged fields. */
  readonly flexible: boolean;
  /** For logs. */
  readonly name: string;
  readonly body: Buffer;
  /**
   * Requests of one lane and node go over one connection, and a broker answers them one after the other: what may wait there has a lane of its own, so that
   * it does not hold up the rest. `poll-…`: a Fetch that waits for records, each beside the others and beside `fetch`, one that does not; `group`: JoinGroup and SyncGroup, which wait
   * for other members, beside `control`.
   */
  readonly lane: 'control' | 'group' | 'fetch' | `poll-${number}` | 'produce';
  /** Longest wait for the response, ms. */
  readonly timeoutMs: number;
}

export interface PartitionMetadata {
  readonly partition: number;
  /** −1: none at the moment. */
  readonly leader: NodeId;
  readonly replicas: readonly NodeId[];
  readonly inSync: readonly NodeId[];
}

export interface TopicMetadata {
  readonly name: string;
  /** 16 bytes; all zero where the broker does not say. */
  readonly id: Buffer;
  readonly internal: boolean;
  /** By partition number. */
  readonly partitions: readonly PartitionMetadata[];
}

export interface ClusterMetadata {
  readonly clusterId: string;
  readonly controller: NodeId;
  readonly nodes: readonly { readonly id: NodeId; readonly host: string; readonly port: number }[];
}

/**
 * What carries requests to brokers (kafka.md 5): sockets, TLS, authentication, metadata,
 * coordinators. Nothing of a client's producer or consumer.
 *
 * Failures are `WireError`s with a class of reaction (`wire-error.ts`); a request whose connection broke or whose time ran out
 * has an unknown outcome.
 */
export interface KafkaWire {
  /** Sends a request to a node and gives the body of its response, without its header. Connects if it must. */
  rpc(node: NodeId, request: RawRequest): Promise<Buffer>;
  cluster(): Promise<ClusterMetadata>;
  /**
   * Metadata of topics, from memory where it is known and `refresh` is not set; a topic that the cluster does not
   * have is absent.
   */
  topics(names: readonly string[], refresh?: boolean): Promise<ReadonlyMap<string, TopicMetadata>>;
  /** The coordinator of a group or a transactional id, from memory where it is known and `refresh` is not set. */
  coordinator(key: string, kind: 'group' | 'transaction', refresh?: boolean): Promise<NodeId>;
  /** API key → oldest and newest version that the node takes, as of the last connection to it. */
  versions(node: NodeId): Promise<ReadonlyMap<number, readonly [oldest: number, newest: number]>>;
  close(): Promise<void>;
}
