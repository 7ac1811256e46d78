import { type Duration, parseDuration } from '../../topology/core/duration.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import type { KafkaLogOptions } from '../kafka/kafka-log-options.ts';
import type { KafkaOptions } from '../kafka/kafka-options.ts';

/** An application on a Kafka cluster: how to reach it, and how its members work together. */
export interface KafkaSettings extends KafkaOptions, KafkaMemberSettings {}

/** How the members of an application on Kafka write and work together. */
export interface KafkaMemberSettings extends Pick<
  KafkaLogOptions,
  'guarantee' | 'transactionTimeout' | 'compression' | 'patience' | 'replicationFactor'
> {
  /** Members that keep a warm copy of each task's state beside its owner. @defaultValue 0 */
  readonly standbyReplicas?: number;
  /** A member that is not heard of for this long is expelled. @defaultValue '45s' */
  readonly sessionTimeout?: Duration;
  /** How often a member tells that it lives, and hears of changes. @defaultValue '1s' */
  readonly heartbeatInterval?: Duration;
  /** A restart within the session time-out gets its tasks back without a rebalance. @defaultValue true */
  readonly staticMembership?: boolean;
  /** Changelog records that a member may lack of a task and still take it over at once. @defaultValue 10,000 */
  readonly acceptableLag?: number;
}

/** Options of the log, of what a user set. */
export function kafkaLogOptions(
  settings: KafkaSettings,
): Omit<KafkaLogOptions, 'application' | 'clock' | 'random'> {
  const { guarantee, transactionTimeout, compression, patience, replicationFactor } = settings;
  const { brokers, tls, sasl, clientId, connectTimeout, requestTimeout } = settings;
  const { sessionTimeout, heartbeatInterval, staticMembership, acceptableLag } = settings;
  const sessionTimeoutMs = durationOf(sessionTimeout, 'session-timeout');
  const heartbeatIntervalMs = durationOf(heartbeatInterval, 'heartbeat-interval');
  if ((heartbeatIntervalMs ?? 1000) * 3 > (sessionTimeoutMs ?? 45_000)) {
    throw new ConfigError(
      'OPTION_HEARTBEAT',
      'heartbeat-interval is more than a third of session-timeout: a lost heartbeat or two would expel the member',
    );
  }
  return {
    kafka: defined({ brokers, tls, sasl, clientId, connectTimeout, requestTimeout }),
    ...defined({ guarantee, transactionTimeout, compression, patience, replicationFactor }),
    membership: defined({
      sessionTimeoutMs,
      heartbeatIntervalMs,
      static: staticMembership,
      acceptableLag,
    }),
  };
}

function durationOf(duration: Duration | undefined, what: string): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration, what);
}

/** An object without the properties that are undefined. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** `a:9092,b:9092` as a list; undefined where it is none. */
export function brokersIn(text: string): readonly string[] | undefined {
  const brokers = text.split(',').map((part) => part.trim());
  return brokers.every((broker) => /^\S+:\d+$/.test(broker)) ? brokers : undefined;
}
