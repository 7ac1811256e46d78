import type { KafkaConfig } from 'kafkajs';
import { ConfigError } from '../../topology/core/errors.ts';
import { parseDuration, type Duration } from '../../topology/core/duration.ts';
import { kafkaJsSasl, type SaslOptions } from './sasl-options.ts';
import { compileTls, type TlsOptions } from '../tls-options.ts';

/** How to reach a Kafka cluster. */
export interface KafkaOptions {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** Encrypts the connections; true: with the authorities that Node trusts. @defaultValue false */
  readonly tls?: boolean | TlsOptions;
  /** How to log in. @defaultValue not at all */
  readonly sasl?: SaslOptions;
  /** Name of this client in the brokers' logs and quotas. @defaultValue 'millrace' */
  readonly clientId?: string;
  /** Longest time for a connection to be made, logging in included. @defaultValue '10s' */
  readonly connectTimeout?: Duration;
  /** Longest wait for the cluster's metadata and its coordinators. @defaultValue '30s' */
  readonly requestTimeout?: Duration;
}

/** Options after all checks. */
export interface CompiledKafkaOptions {
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  readonly clientId: string;
  readonly ssl: KafkaConfig['ssl'];
  readonly sasl: KafkaConfig['sasl'];
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/**
 * Checks options and fills in the defaults.
 * @throws {ConfigError} OPTION_BROKERS, OPTION_CLIENT_ID, OPTION_TLS, OPTION_SASL, OPTION_DURATION
 */
export function compileKafkaOptions(options: KafkaOptions): CompiledKafkaOptions {
  if (options.brokers.length === 0) {
    throw new ConfigError('OPTION_BROKERS', 'no broker is named: give host:port of one at least');
  }
  const { clientId = 'millrace', sasl } = options;
  if (clientId === '') {
    throw new ConfigError('OPTION_CLIENT_ID', 'clientId is empty: give a name, or leave it out');
  }
  return {
    brokers: options.brokers.map(addressOf),
    clientId,
    ssl: compileTls(options.tls ?? false),
    sasl: sasl === undefined ? undefined : kafkaJsSasl(sasl),
    connectTimeoutMs: timeOf(options.connectTimeout ?? '10s', 'connectTimeout'),
    requestTimeoutMs: timeOf(options.requestTimeout ?? '30s', 'requestTimeout'),
  };
}

function timeOf(duration: Duration, what: string): number {
  const ms = parseDuration(duration, what);
  if (ms === 0) throw new ConfigError('OPTION_DURATION', `${what} is 0: give it some time`);
  return ms;
}

function addressOf(text: string): { host: string; port: number } {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text.trim()) ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain;
  if (host === undefined || port < 1 || port > 65_535) {
    throw new ConfigError(
      'OPTION_BROKERS',
      `broker "${text}" is no address: write host:port, such as localhost:9092`,
    );
  }
  return { host, port };
}
