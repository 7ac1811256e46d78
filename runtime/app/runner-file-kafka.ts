import { ConfigError } from '../../topology/core/errors.ts';
import { oneOrMany } from '../../topology/definition/collections.ts';
import type { Field } from '../../topology/definition/field.ts';
import { boolean, choice, duration, integer, text } from '../../topology/definition/fields.ts';
import { object } from '../../topology/definition/object.ts';
import type { SaslOptions } from '../kafka/sasl-options.ts';
import type { KafkaMemberSettings, KafkaSettings } from './kafka-settings.ts';
import { secret } from './runner-file-secret.ts';
import { type TlsFileSettings, tlsOptionsOf, tlsTable } from './runner-file-tls.ts';

/** The `kafka` map of a runner file. Names of files are relative to it. */
export interface KafkaFileSettings extends KafkaMemberSettings {
  readonly brokers?: readonly string[];
  readonly clientId?: string;
  readonly tls?: boolean | TlsFileSettings;
  readonly sasl?: SaslFileSettings;
  readonly connectTimeout?: number;
  readonly requestTimeout?: number;
}

interface SaslFileSettings {
  readonly mechanism: SaslOptions['mechanism'];
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

const plainDuration = duration();
/** Switched on with its defaults, or in detail. */
const tls: Field<boolean | TlsFileSettings> = {
  ...tlsTable,
  read: (node, at) => (node.kind === 'scalar' ? boolean.read(node, at) : tlsTable.read(node, at)),
  schema: { anyOf: [boolean.schema, tlsTable.schema] },
  type: 'boolean, or map',
};

const sasl = object<SaslFileSettings>({
  title: 'sasl',
  doc: 'How to log in at the brokers.',
  parts: {
    mechanism: {
      field: choice(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']),
      required: true,
      doc: 'What the brokers ask for.',
    },
    username: { field: text, doc: 'Of all but `OAUTHBEARER`.' },
    password: { field: secret, doc: 'Of all but `OAUTHBEARER`.' },
    token: { field: secret, doc: 'Of `OAUTHBEARER`.' },
  },
});

/** The keys of `kafka` in a runner file. */
export const kafkaTable = object<KafkaFileSettings>({
  title: 'kafka',
  doc: 'The Kafka cluster, and how the members of the application work together on it.',
  mayBeEmpty: true,
  parts: {
    brokers: {
      field: oneOrMany({ ...text, type: '`host:port`' }, '`host:port`'),
      doc: 'Some brokers of the cluster; the others are learnt from them. `--brokers` counts before it.',
    },
    clientId: {
      field: text,
      default: '`millrace`',
      doc: 'Name in logs of the brokers and quotas.',
    },
    tls: { field: tls, default: '`false`', doc: 'Encrypts the connections.' },
    sasl: { field: sasl, doc: 'How to log in.' },
    connectTimeout: {
      field: plainDuration,
      default: '`10s`',
      doc: 'Longest time for a connection to be made.',
    },
    requestTimeout: {
      field: plainDuration,
      default: '`30s`',
      doc: 'Longest wait for metadata of the cluster and its coordinators.',
    },
    guarantee: {
      field: choice(['exactly-once', 'at-least-once']),
      default: '`exactly-once`',
      doc: 'Whether records, positions and state move in one transaction. With `at-least-once` a crash writes what it cut off a second time.',
    },
    transactionTimeout: {
      field: plainDuration,
      default: '`10s`',
      doc: 'The brokers abort a transaction that is not over after this. At most their `transaction.max.timeout.ms`.',
    },
    compression: {
      field: choice(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
      default: '`none`',
      doc: 'How batches are compressed.',
    },
    patience: {
      field: plainDuration,
      default: '`5m`',
      doc: 'How long to try again what passes by itself: a broker that is away, a leader that moves.',
    },
    replicationFactor: {
      field: integer(1, 32_767),
      doc: 'Copies of each partition of a new topic. Without it the brokers decide (`default.replication.factor`).',
    },
    standbyReplicas: {
      field: integer(0),
      default: '`0`',
      doc: 'Members that keep a warm copy of the state of each task beside its owner, and take over at once.',
    },
    sessionTimeout: {
      field: plainDuration,
      default: '`45s`',
      doc: 'A member that is not heard of for this long is expelled.',
    },
    heartbeatInterval: {
      field: plainDuration,
      default: '`1s`',
      doc: 'How often a member says that it lives, and hears of changes.',
    },
    staticMembership: {
      field: boolean,
      default: '`true`',
      doc: 'A member that comes back within the session time-out has its tasks again without a rebalance.',
    },
    acceptableLag: {
      field: integer(0),
      default: '`10000`',
      doc: 'Changelog records that a member may lack of a task and take it over at once, without warming up.',
    },
  },
});

/**
 * Settings of a cluster, of a runner file in `folder`; `brokers` counts before its own.
 * @throws {ConfigError} OPTION_BROKERS where none are named, OPTION_SASL, RUNNER_FILE where a certificate cannot be read
 */
export function kafkaSettingsOf(
  written: KafkaFileSettings,
  folder: string,
  brokers: readonly string[] | undefined,
): KafkaSettings {
  const { tls: encrypted, sasl: login, ...rest } = written;
  const named = brokers ?? written.brokers;
  if (named === undefined) {
    throw new ConfigError(
      'OPTION_BROKERS',
      'no broker is named: say --brokers host:port, or "kafka: { brokers: host:port }" in the runner file',
    );
  }
  return {
    ...rest,
    brokers: named,
    ...(encrypted === undefined
      ? {}
      : {
          tls:
            typeof encrypted === 'boolean'
              ? encrypted
              : tlsOptionsOf(encrypted, folder, 'kafka.tls'),
        }),
    ...(login === undefined ? {} : { sasl: saslOf(login) }),
  };
}

function saslOf({ mechanism, username, password, token }: SaslFileSettings): SaslOptions {
  if (mechanism === 'OAUTHBEARER') {
    if (token !== undefined) return { mechanism, token };
    throw missing(mechanism, 'token');
  }
  if (username === undefined) throw missing(mechanism, 'username');
  if (password === undefined) throw missing(mechanism, 'password');
  return { mechanism, username, password };
}

function missing(mechanism: string, key: string): ConfigError {
  return new ConfigError(
    'OPTION_SASL',
    `kafka.sasl has no "${key}", which ${mechanism} needs: add it to the runner file`,
  );
}
