import type { Clock } from '../../../topology/core/clock.ts';
import type { CompiledKafkaOptions } from '../kafka-options.ts';
import type { RawRequest } from '../wire.ts';
import { Connection } from './connection.ts';
import type { KafkaJsConnector } from './kafkajs-connection.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The connections of a wire: one for each address and lane, made when it is first asked for, and anew after it has ended. */
export class Connections {
  private readonly connector: KafkaJsConnector;
  private readonly options: CompiledKafkaOptions;
  private readonly clock: Clock;
  private readonly opening = new Map<string, Promise<Connection>>();
  private readonly live = new Map<string, Connection>();

  constructor(connector: KafkaJsConnector, options: CompiledKafkaOptions, clock: Clock) {
    this.connector = connector;
    this.options = options;
    this.clock = clock;
  }

  /** The connection of an address and a lane. */
  async open(address: Address, lane: RawRequest['lane']): Promise<Connection> {
    const key = `${addressKey(address)}/${lane}`;
    const live = this.live.get(key);
    if (live?.usable === true) return live;
    return this.opening.get(key) ?? this.start(key, address);
  }

  /** True where a connection to the address is up. */
  has(address: Address): boolean {
    return this.live.get(`${addressKey(address)}/control`)?.usable === true;
  }

  /** Ends the connections to all other addresses. */
  keep(addresses: readonly Address[]): void {
    const kept = new Set(addresses.map(addressKey));
    for (const [key, connection] of this.live) {
      if (kept.has(key.slice(0, key.lastIndexOf('/')))) continue;
      connection.end('the cluster no longer names this address');
      this.live.delete(key);
    }
  }

  close(): void {
    for (const connection of this.live.values()) connection.end('closed by this process');
    this.live.clear();
  }

  private async start(key: string, address: Address): Promise<Connection> {
    const opening = this.make(address);
    this.opening.set(key, opening);
    try {
      const connection = await opening;
      this.live.set(key, connection);
      return connection;
    } finally {
      this.opening.delete(key);
    }
  }

  private async make({ host, port }: Address): Promise<Connection> {
    const raw = await this.connector(host, port);
    return Connection.open(raw, {
      clock: this.clock,
      connectTimeoutMs: this.options.connectTimeoutMs,
      tls: this.options.ssl !== undefined,
      sasl: this.options.sasl?.mechanism,
    });
  }
}

function addressKey({ host, port }: Address): string {
  return `${host}:${port}`;
}
