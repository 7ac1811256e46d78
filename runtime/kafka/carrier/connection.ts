import type { Clock } from '../../../topology/core/clock.ts';
import { apiVersions } from '../messages/api-versions.ts';
import type { RawRequest } from '../wire.ts';
import { disconnected, timedOut } from '../wire-error.ts';
import { bodyOf, exchangeOf } from './exchange.ts';
import type { KafkaJsConnection } from './kafkajs-connection.ts';
import { openFailure, socketFailure } from './open-failure.ts';

export type Versions = ReadonlyMap<number, readonly [oldest: number, newest: number]>;

export interface ConnectionOptions {
  readonly clock: Clock;
  /** Longest time for TCP, TLS, versions and authentication together, ms. */
  readonly connectTimeoutMs: number;
  /** For errors: what the connection is made with. */
  readonly tls: boolean;
  readonly sasl: string | undefined;
}

/**
 * One connection to a broker, for one lane. A broker answers the requests of a connection in order, one at a time, so an answer that is overdue
 * holds up all that follow: the connection is then given up, and every request on it fails with an unknown outcome.
 * Nothing of an old answer can reach a later request.
 */
export class Connection {
  readonly versions: Versions;
  private readonly raw: KafkaJsConnection;
  private readonly options: ConnectionOptions;
  private readonly where: string;
  private answered = false;
  private ended: string | undefined;

  private constructor(raw: KafkaJsConnection, versions: Versions, options: ConnectionOptions) {
    this.raw = raw;
    this.versions = versions;
    this.options = options;
    this.where = addressOf(raw);
    const { socket } = raw;
    socket?.on('error', (error) => (this.ended ??= socketFailure(error)));
    socket?.on('close', () => (this.ended ??= 'the broker closed it'));
    socket?.on('end', () => (this.ended ??= this.closedByBroker()));
  }

  /**
   * Connects, asks for the broker's versions and authenticates.
   * @throws {WireError} KAFKA_UNREACHABLE
   * @throws {ConfigError} KAFKA_TLS, KAFKA_SASL, KAFKA_CREDENTIALS, BROKER_VERSION
   */
  static async open(raw: KafkaJsConnection, options: ConnectionOptions): Promise<Connection> {
    const attempt: { failed?: (error: Error) => void; seen?: Error } = {};
    const lost = new Promise<never>((_, reject) => (attempt.failed = reject));
    lost.catch(() => {});
    const cancel = options.clock.after(options.connectTimeoutMs, () => {
      attempt.failed?.(new Error(`no answer within ${options.connectTimeoutMs} ms`));
    });
    try {
      const connected = raw.connect();
      connected.catch(() => {});
      raw.socket?.on('error', (error) => (attempt.seen ??= error));
      raw.socket?.on('close', () => attempt.failed?.(attempt.seen ?? new Error('closed')));
      await Promise.race([connected, lost]);
      const versions = await Promise.race([askVersions(raw), lost]);
      const connection = new Connection(raw, versions, options);
      if (options.sasl !== undefined) {
        await Promise.race([authenticate(raw, versions), lost]);
      }
      return connection;
    } catch (error) {
      raw.socket?.destroy();
      throw openFailure(addressOf(raw), attempt.seen ?? error, options);
    } finally {
      cancel();
    }
  }

  /** False once it has ended: another one must be made. */
  get usable(): boolean {
    return this.ended === undefined && this.raw.isConnected();
  }

  /** Sends a request, and gives the body of its answer. */
  async send(request: RawRequest): Promise<Buffer> {
    let overdue = false;
    const cancel = this.options.clock.after(request.timeoutMs, () => {
      overdue = true;
      this.end(`${request.name} was not answered within ${request.timeoutMs} ms`);
    });
    try {
      const payload = await this.raw.send(exchangeOf(request));
      this.answered = true;
      return bodyOf(request, payload);
    } catch (error) {
      if (overdue) throw timedOut(this.where, request.name, request.timeoutMs);
      const said = this.ended ?? (error instanceof Error ? error.message : String(error));
      this.end(said);
      throw disconnected(this.where, request.name, said);
    } finally {
      cancel();
    }
  }

  /** Closes it; requests that wait for an answer fail. */
  end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    // An error, so that KafkaJS hears of it and rejects what is in flight.
    this.raw.socket?.destroy(new Error(reason));
  }

  private closedByBroker(): string {
    if (this.answered || this.options.sasl !== undefined) return 'the broker closed it';
    return 'the broker closed it at the first request; it may want SASL authentication';
  }
}

function addressOf(raw: KafkaJsConnection): string {
  return `${raw.host}:${raw.port}`;
}

/** Ends in the authentication of KafkaJS, which reads the versions from here. */
async function authenticate(raw: KafkaJsConnection, versions: Versions): Promise<void> {
  raw.setVersions(
    Object.fromEntries(
      [...versions].map(([key, [minVersion, maxVersion]]) => [key, { minVersion, maxVersion }]),
    ),
  );
  raw.setSupportAuthenticationProtocol(versions.has(saslAuthenticateKey));
  await raw.authenticate();
}

const saslAuthenticateKey = 36;

async function askVersions(raw: KafkaJsConnection): Promise<Versions> {
  const version = apiVersions.versions[1];
  const body = apiVersions.encode(
    { clientSoftwareName: 'millrace', clientSoftwareVersion: '0' },
    version,
  );
  const request: RawRequest = {
    apiKey: apiVersions.key,
    version,
    flexible: true,
    name: apiVersions.name,
    body,
    lane: 'control',
    timeoutMs: 0,
  };
  const answer = bodyOf(request, await raw.send(exchangeOf(request)));
  return new Map(
    apiVersions
      .decode(answer, version)
      .apiKeys.map((it) => [it.apiKey, [it.minVersion, it.maxVersion]] as const),
  );
}
