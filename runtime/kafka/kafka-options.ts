import type { KafkaConfig } from 'kafkajs';
import { ConfigError } from '../../topology/core/errors.ts';
import { parseDuration, type Duration } from '../../topology/core/duration.ts';

/** How to reach a Kafka cluster. */
export interface KafkaOptions {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** Name of this client in the brokers' logs and quotas. @defaultValue 'millrace' */
  readonly clientId?: string;
  /** Longest time for a connection to be made, authentication included. @defaultValue '10s' */
  readonly connectTimeout?: Duration;
  /** Longest wait for an answer to requests of the carrier's own (metadata, coordinators). @defaultValue '30s' */
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
 * @throws {ConfigError} OPTION_BROKERS, OPTION_DURATION
 */
export function compileKafkaOptions(options: KafkaOptions): CompiledKafkaOptions {
  if (options.brokers.length === 0) {
    throw new ConfigError('OPTION_BROKERS', 'no broker is named: give host:port of one at least');
  }
  return {
    brokers: options.brokers.map(addressOf),
    clientId: options.clientId ?? 'millrace',
    ssl: undefined,
    sasl: undefined,
    connectTimeoutMs: parseDuration(options.connectTimeout ?? '10s', 'connectTimeout'),
    requestTimeoutMs: parseDuration(options.requestTimeout ?? '30s', 'requestTimeout'),
  };
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
