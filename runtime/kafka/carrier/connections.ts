import type { Clock } from '../../../topology/core/clock.ts';
import type { CompiledKafkaOptions } from '../kafka-options.ts';
import type { RawRequest } from '../wire.ts';
import { wireClosed } from '../wire-error.ts';
import { Connection } from './connection.ts';
import type { KafkaJsConnector } from './kafkajs-connection.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The lanes of requests, and one of the carrier's own, so that a slow request holds up no look-up of leaders. */
export type Lane = RawRequest['lane'] | 'metadata';

/** Wait before the second attempt to reach an address, ms; doubled for each further one. */
const firstPauseMs = 50;
const longestPauseMs = 1_000;

/** Attempts at an address that failed one after the other. */
interface Failures {
  readonly count: number;
  /** Monotonic time before which it is not tried again, ms. */
  readonly until: number;
}

/** The connections of a wire: one for each address and lane, made when it is first asked for, and anew after it has ended. */
export class Connections {
  private readonly connector: KafkaJsConnector;
  private readonly options: CompiledKafkaOptions;
  private readonly clock: Clock;
  private readonly live = new Map<string, Connection>();
  private readonly opening = new Map<string, Promise<Connection>>();
  private readonly failures = new Map<string, Failures>();
  private closed = false;

  constructor(connector: KafkaJsConnector, options: CompiledKafkaOptions, clock: Clock) {
    this.connector = connector;
    this.options = options;
    this.clock = clock;
  }

  /**
   * The connection of an address and a lane. After failures it waits a while before it tries again.
   * @throws {WireError} KAFKA_UNREACHABLE, KAFKA_CLOSED
   * @throws {ConfigError} as of {@link Connection.open}
   */
  async open(address: Address, lane: Lane): Promise<Connection> {
    const key = `${addressKey(address)}/${lane}`;
    const live = this.live.get(key);
    if (live?.usable === true) return live;
    return this.opening.get(key) ?? this.start(key, address);
  }

  /** How likely an address is to answer: 2 connected, 1 not known, 0 failed a moment ago. */
  outlook(address: Address, lane: Lane): 0 | 1 | 2 {
    if (this.live.get(`${addressKey(address)}/${lane}`)?.usable === true) return 2;
    return this.pauseMs(address) > 0 ? 0 : 1;
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
    this.closed = true;
    for (const connection of this.live.values()) connection.end('closed by this process');
    this.live.clear();
  }

  private async start(key: string, address: Address): Promise<Connection> {
    const attempt = this.attempt(address);
    this.opening.set(key, attempt);
    try {
      const connection = await attempt;
      this.live.set(key, connection);
      this.failures.delete(addressKey(address));
      if (this.closed) connection.end('closed by this process');
      return connection;
    } catch (error) {
      this.failed(address);
      throw error;
    } finally {
      this.opening.delete(key);
    }
  }

  private async attempt(address: Address): Promise<Connection> {
    const pauseMs = this.pauseMs(address);
    if (pauseMs > 0) await new Promise<void>((resolve) => this.clock.after(pauseMs, resolve));
    if (this.closed) throw wireClosed('a request');
    const raw = await this.connector(address.host, address.port);
    return Connection.open(raw, {
      clock: this.clock,
      connectTimeoutMs: this.options.connectTimeoutMs,
      made: { tls: this.options.ssl !== undefined, sasl: this.options.sasl?.mechanism },
    });
  }

  private pauseMs(address: Address): number {
    const until = this.failures.get(addressKey(address))?.until ?? 0;
    return Math.max(0, until - this.clock.monotonic());
  }

  private failed(address: Address): void {
    const key = addressKey(address);
    const count = (this.failures.get(key)?.count ?? 0) + 1;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (count - 1));
    this.failures.set(key, { count, until: this.clock.monotonic() + pauseMs });
  }
}

/** True where both are the same. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}

function addressKey({ host, port }: Address): string {
  return `${host}:${port}`;
}
