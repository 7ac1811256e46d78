import { ConfigError } from '../../topology/core/errors.ts';
import { type Duration, parseDuration } from '../../topology/core/duration.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { type Compression, compressions } from '../codec/compression.ts';
import type { MembershipSettings } from './group/settings.ts';
import type { KafkaOptions } from './kafka-options.ts';

/** What a crash may do to output. */
export type Guarantee = 'exactly-once' | 'at-least-once';

/** Options of a log on Kafka. */
export interface KafkaLogOptions {
  readonly kafka: KafkaOptions;
  /** Name of the application: its transactional ids are `<application>-<slot>`. */
  readonly application: string;
  readonly clock: Clock;
  /** In [0, 1): spreads repeated attempts. */
  readonly random: () => number;
  /**
   * `exactly-once`: records, positions and state move in one transaction. `at-least-once`: records are written first and positions afterwards, without
   * transactions; what a crash or a lost partition leaves between the two is written again: output and dead letters may hold it twice, and tables may count it twice.
   * Readers see records at once.
   * @defaultValue 'exactly-once'
   */
  readonly guarantee?: Guarantee;
  /**
   * The brokers abort a transaction that is not over after this. A member that is silent for longer in the middle of a commit loses it; another one may have to wait
   * this long for positions. @defaultValue '10s'
   */
  readonly transactionTimeout?: Duration;
  /** How batches are compressed. @defaultValue 'none' */
  readonly compression?: Compression;
  /** How long to try again what passes by itself: a broker that is away, a leader that moves. @defaultValue '5m' */
  readonly patience?: Duration;
  /** Copies of each partition of a new topic. @defaultValue as the brokers say */
  readonly replicationFactor?: number;
  readonly membership?: Omit<MembershipSettings, 'clock' | 'random' | 'departed'>;
}

/** Options after all checks. */
export interface CompiledKafkaLogOptions {
  readonly guarantee: Guarantee;
  readonly transactionTimeoutMs: number;
  readonly compression: Compression;
  readonly patienceMs: number;
}

/**
 * Checks options and fills in the defaults.
 * @throws {ConfigError} OPTION_GUARANTEE, OPTION_COMPRESSION, OPTION_DURATION
 */
export function compileKafkaLogOptions(options: KafkaLogOptions): CompiledKafkaLogOptions {
  const { guarantee = 'exactly-once', compression = 'none' } = options;
  if (guarantee !== 'exactly-once' && guarantee !== 'at-least-once') {
    throw new ConfigError(
      'OPTION_GUARANTEE',
      `guarantee "${guarantee as string}" is none: use exactly-once or at-least-once`,
    );
  }
  if (!compressions.includes(compression)) {
    throw new ConfigError(
      'OPTION_COMPRESSION',
      `compression "${compression as string}" is none: use ${compressions.join(', ')}`,
    );
  }
  return {
    guarantee,
    compression,
    transactionTimeoutMs: parseDuration(options.transactionTimeout ?? '10s', 'transactionTimeout'),
    patienceMs: parseDuration(options.patience ?? '5m', 'patience'),
  };
}
