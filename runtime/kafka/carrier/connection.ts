import type { Clock } from '../../../topology/core/clock.ts';
import { brokerTooOld } from '../client.ts';
import { apiVersions } from '../messages/api-versions.ts';
import type { RawRequest } from '../wire.ts';
import { disconnected, timedOut } from '../wire-error.ts';
import { bodyOf, exchangeOf } from './exchange.ts';
import type { KafkaJsConnection } from './kafkajs-connection.ts';
import { type Made, openFailure, socketFailure, type Stage } from './open-failure.ts';

/** API key → oldest and newest version that a broker takes. */
export type Versions = ReadonlyMap<number, readonly [oldest: number, newest: number]>;

export interface ConnectionOptions {
  readonly clock: Clock;
  /** Longest time for TCP, TLS, versions and authentication together, ms. */
  readonly connectTimeoutMs: number;
  readonly made: Made;
}

const saslAuthenticateKey = 36;
/** UNSUPPORTED_VERSION */
const unsupportedVersion = 35;

/**
 * One connection to a broker, for one lane. A broker answers the requests of a connection in order, one at a time, so an answer that is overdue
 * holds up all that follow: the connection is then given up, and every request on it fails with an unknown outcome.
 * An old answer can never be taken for that of a later request.
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
    socket?.on('end', () => (this.ended ??= this.closedByBroker()));
    socket?.on('close', () => (this.ended ??= 'it was closed'));
  }

  /**
   * Connects, asks for the broker's versions and authenticates.
   * @throws {WireError} KAFKA_UNREACHABLE
   * @throws {ConfigError} KAFKA_TLS, KAFKA_SASL, KAFKA_CREDENTIALS, BROKER_VERSION
   */
  static async open(raw: KafkaJsConnection, options: ConnectionOptions): Promise<Connection> {
    let stage: Stage = 'connect';
    let failure: Error | undefined;
    let lose: (error: Error) => void = () => {};
    const lost = new Promise<never>((_, reject) => (lose = reject));
    lost.catch(() => {});
    const cancel = options.clock.after(options.connectTimeoutMs, () => {
      lose(new Error(`no answer within ${options.connectTimeoutMs} ms`));
    });
    try {
      const connected = raw.connect();
      // A connection that ends before it is ready settles none of KafkaJS's promises.
      raw.socket?.on('error', (error) => (failure ??= error));
      raw.socket?.on('close', () => lose(failure ?? new Error('the broker closed it')));
      await Promise.race([connected, lost]);
      stage = 'versions';
      const versions = await Promise.race([askVersions(raw), lost]);
      stage = 'authenticate';
      if (options.made.sasl !== undefined) {
        await Promise.race([authenticate(raw, versions), lost]);
      }
      return new Connection(raw, versions, options);
    } catch (error) {
      const cause = failure ?? error;
      raw.socket?.destroy(new Error('given up'));
      throw openFailure(addressOf(raw), cause, options.made, stage);
    } finally {
      cancel();
    }
  }

  /** False once it has ended: another one must be made. */
  get usable(): boolean {
    return this.ended === undefined && this.raw.isConnected();
  }

  /**
   * Sends a request, and gives the body of its answer.
   * @throws {WireError} KAFKA_TIMEOUT, KAFKA_DISCONNECTED
   */
  async send(request: Omit<RawRequest, 'lane'>): Promise<Buffer> {
    let overdue = false;
    const cancel = this.options.clock.after(request.timeoutMs, () => {
      overdue = true;
      this.end(`${request.name} was not answered within ${request.timeoutMs} ms`);
    });
    let payload: Buffer;
    try {
      payload = await this.raw.send(exchangeOf(request));
    } catch (error) {
      if (overdue) throw timedOut(this.where, request.name, request.timeoutMs);
      this.end(error instanceof Error ? error.message : String(error));
      throw disconnected(this.where, request.name, this.ended ?? '');
    } finally {
      cancel();
    }
    this.answered = true;
    return bodyOf(request, payload);
  }

  /** Closes it; requests that wait for an answer fail. */
  end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    // With an error, for KafkaJS to hear of it and reject what is in flight.
    this.raw.socket?.destroy(new Error(reason));
  }

  private closedByBroker(): string {
    if (this.answered || this.options.made.sasl !== undefined) return 'the broker closed it';
    return 'the broker closed it at the first request; it may want SASL authentication';
  }
}

function addressOf(raw: KafkaJsConnection): string {
  return `${raw.host}:${raw.port}`;
}

/** KafkaJS authenticates, in the versions that it is told of here, and again before a session ends. */
async function authenticate(raw: KafkaJsConnection, versions: Versions): Promise<void> {
  raw.setVersions(
    Object.fromEntries(
      [...versions].map(([key, [minVersion, maxVersion]]) => [key, { minVersion, maxVersion }]),
    ),
  );
  raw.setSupportAuthenticationProtocol(versions.has(saslAuthenticateKey));
  await raw.authenticate();
}

async function askVersions(raw: KafkaJsConnection): Promise<Versions> {
  const { key: apiKey, name } = apiVersions;
  const version = apiVersions.versions[1];
  const body = apiVersions.encode(
    { clientSoftwareName: 'millrace', clientSoftwareVersion: '1' },
    version,
  );
  const request = { apiKey, version, flexible: true, name, body };
  const answer = bodyOf(request, await raw.send(exchangeOf(request)));
  // A broker that does not know this version says so in the oldest one (KIP-511).
  if (answer.readInt16BE(0) === unsupportedVersion) {
    throw brokerTooOld(addressOf(raw));
  }
  return new Map(
    apiVersions
      .decode(answer, version)
      .apiKeys.map((it) => [it.apiKey, [it.minVersion, it.maxVersion]] as const),
  );
}
