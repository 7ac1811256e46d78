import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from './ports.ts';
import { ProxyConnection } from './proxy-connection.ts';
import { type Hold, type HoldOptions, RequestHold, type RequestMatch } from './request-hold.ts';

/** What a proxy stands before, and how. */
export interface TcpProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Port of the proxy; a free one by default. */
  readonly port?: number;
  /**
   * The bytes are Kafka's frames, so that requests can be held and responses dropped; true by
   * default. False for TLS and other protocols.
   */
  readonly framed?: boolean;
}

/**
 * A TCP proxy on 127.0.0.1 that can misbehave as networks do: slow, cut, deaf; and, knowing where
 * Kafka's requests begin, hold back or lose chosen ones. Bytes are never changed.
 */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #options: TcpProxyOptions;
  readonly #connections = new Set<ProxyConnection>();
  readonly #holds = new Set<RequestHold>();
  #delayMs = 0;
  #accepting = true;
  #stalled = false;

  /** Starts to listen. @throws Error where the port is taken */
  static async start(options: TcpProxyOptions): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const port = options.port ?? (await freePorts(1))[0];
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, options);
  }

  private constructor(server: Server, options: TcpProxyOptions) {
    this.#server = server;
    this.#options = options;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#connect(socket));
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Everything that arrives from now on takes so long more in each direction; 0 ends it. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Breaks all connections (reset), also those with requests held back, which are lost. */
  cut(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** New connections are reset at once, as if nobody listened; those that are open go on. */
  refuse(): void {
    this.#accepting = false;
  }

  /** Connections stay open, new ones are taken, and nothing passes in either direction. */
  stall(): void {
    this.#setStalled(true);
  }

  /** Ends {@link stall}: what waited passes, in order. */
  unstall(): void {
    this.#setStalled(false);
  }

  /** Ends {@link refuse}. */
  accept(): void {
    this.#accepting = true;
  }

  /**
   * From now on holds back the requests that match, until they are released or dropped. The other
   * requests of a connection wait behind one that is held, as TCP would have it, unless they may
   * overtake it. A client that gives its connection up does not take back what is held.
   */
  hold(match: RequestMatch, options: HoldOptions = {}): Hold {
    if (this.#options.framed === false) throw new Error('only requests of framed proxies are held');
    const hold = new RequestHold(match, options, () => this.#holds.delete(hold));
    this.#holds.add(hold);
    return hold;
  }

  /** Ends all connections and stops listening. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #setStalled(stalled: boolean): void {
    this.#stalled = stalled;
    for (const connection of this.#connections) connection.stall(stalled);
  }

  #connect(socket: Socket): void {
    if (!this.#accepting) {
      socket.on('error', () => {}).resetAndDestroy();
      return;
    }
    const connection = new ProxyConnection(socket, this.#options, {
      delayMs: () => this.#delayMs,
      holdOf: (request) => [...this.#holds].find((hold) => hold.takes(request)),
      closed: () => this.#connections.delete(connection),
    });
    connection.stall(this.#stalled);
    this.#connections.add(connection);
  }
}
