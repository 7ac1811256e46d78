import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  readRunnerFile,
  type RunnerSettings,
  runnerTable,
} from '../../../runtime/app/runner-file.ts';
import { compileEngineOptions } from '../../../runtime/engine/engine-options.ts';
import type { TableDoc } from '../../../topology/definition/field.ts';
import { kafkaLogOptions } from '../../../runtime/app/kafka-settings.ts';
import { loggingTable, restartTable } from '../../../runtime/app/runner-file-logging.ts';
import { compileRestartOptions } from '../../../runtime/app/runner/restart-policy.ts';
import { kafkaSettingsOf, kafkaTable } from '../../../runtime/app/runner-file-kafka.ts';
import { callsField, httpCallsOf } from '../../../runtime/app/runner-file-calls.ts';
import { registryChoiceOf, registryTable } from '../../../runtime/app/runner-file-registry.ts';
import { compileServeOptions } from '../../../runtime/registry/serve-options.ts';
import { compileRegistryOptions } from '../../../runtime/registry/url-options.ts';
import { queriesTable } from '../../../runtime/app/runner-file-queries.ts';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { compileSettings } from '../../../runtime/kafka/group/settings.ts';
import { compileQueriesOptions } from '../../../runtime/queries/queries-options.ts';
import { compileKafkaLogOptions } from '../../../runtime/kafka/kafka-log-options.ts';
import { compileKafkaOptions } from '../../../runtime/kafka/kafka-options.ts';
import { projects } from '../cli/project.ts';

const project = projects();
const docs = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');

function read(text: string, environment: Record<string, string> = {}): RunnerSettings {
  const file = join(project({}), 'millrace.yaml');
  writeFileSync(file, text);
  return readRunnerFile(file, environment);
}

function problems(text: string, environment: Record<string, string> = {}): string {
  try {
    read(text, environment);
  } catch (error) {
    return (error as Error).message.replace(/\S*millrace\.yaml/g, 'millrace.yaml');
  }
  throw new Error('it was taken');
}

describe('readRunnerFile', () => {
  test('takes an empty file, and none at all in the working directory', () => {
    expect(read('# nothing yet\n')).toEqual({ folder: expect.any(String), options: {} });
    expect(readRunnerFile(undefined, {})).toEqual({ folder: process.cwd(), options: {} });
  });

  test('takes every key, durations and sizes with units', () => {
    const { data, folder, ...rest } = read(`data: ../data
log: kafka
sync: interval
commit: { interval: 1m30s, max-rate: 20, max-bytes: 512KiB }
max-task-idle: 5s
max-future: unlimited
stage-budget: 10s
batch-records: 500
store-cache: 1.5GiB
fetch-bytes: 2 MB
max-open-calls: 7
max-parked-calls: 8
call-grace: 2s
random-cuts: { seed: 3 }
`);
    expect(data).toMatch(/^\/.*\/data$/);
    expect(folder).toMatch(/^\//);
    expect(rest).toEqual({
      log: 'kafka',
      sync: 'interval',
      options: {
        commit: { interval: 90_000, 'max-rate': 20, 'max-bytes': 524_288 },
        'max-task-idle': 5000,
        'max-future': 'unlimited',
        'stage-budget': 10_000,
        'batch-records': 500,
        'store-cache': 1_610_612_736,
        'fetch-bytes': 2_000_000,
        'max-open-calls': 7,
        'max-parked-calls': 8,
        'call-grace': 2000,
        'random-cuts': { seed: 3 },
      },
    });
  });

  test('takes -1 for max-task-idle', () => {
    expect(read('max-task-idle: -1\n').options).toEqual({ 'max-task-idle': -1 });
  });

  test('puts environment variables in, as the numbers and texts that they are', () => {
    const text = 'data: ${ROOT}/${NAME}\nbatch-records: ${BATCH}\nsync: "${SYNC}"\n';
    const environment = { ROOT: '/var', NAME: 'x y', BATCH: '50', SYNC: 'never' };
    expect(read(text, environment)).toEqual({
      folder: expect.any(String),
      data: '/var/x y',
      sync: 'never',
      options: { 'batch-records': 50 },
    });
  });

  test('takes an empty variable for a text that is missing', () => {
    expect(problems('data: ${X}\n', { X: '' })).toContain('error[E002] expected a text');
  });

  test('leaves $${ as ${', () => {
    expect(read('data: /a/$${X}\n').data).toBe('/a/${X}');
  });

  test('reports a variable that is not set, once, at its place', () => {
    expect(problems('sync: never\nbatch-records: ${BATCH}\n')).toBe(
      `the runner file has problems:

millrace.yaml:2:16 error[R001] environment variable "BATCH" is not set
    2 | batch-records: \${BATCH}
      |                ^^^^^^^^

1 error`,
    );
  });

  test.each([
    ['dta: x', 'error[E003] unknown key "dta"'],
    ['commit: { max-rte: 1 }', 'did you mean "max-rate"?'],
    ['store-cache: 0', 'error[E012] "0" is no size'],
    ['store-cache: 1 XB', 'error[E012] "1 XB" is no size'],
    ['store-cache: [1]', 'error[E002] expected a size like 64MiB, found a list'],
    ['max-task-idle: -2', 'error[E011] "-2" is no duration'],
    ['random-cuts: {}', 'error[E006] missing key "seed"'],
    ['- a', 'expected a map'],
    ['log: file', 'error[E010] "file" is none of embedded, kafka'],
    ['kafka: { sasl: { mechanism: PLAIN, password: secret } }', 'error[R002] a secret must not'],
    ['kafka: { sasl: { mechanism: PLAIN, password: "x${P}" } }', 'error[R002] a secret must not'],
    ['kafka: { sasl: { username: a } }', 'error[E006] missing key "mechanism"'],
    ['kafka: { replication-factor: 0 }', 'error[E0'],
  ])('refuses %s', (text, message) => {
    expect(problems(`${text}\n`, { P: 'p' })).toContain(message);
  });

  test('says when the file cannot be read', () => {
    expect(() => readRunnerFile('/no/such/millrace.yaml', {})).toThrow(
      'cannot read the runner file /no/such/millrace.yaml: there is no such file; check the path',
    );
  });
});

describe('kafkaSettingsOf', () => {
  const settings = (text: string, environment = {}, brokers?: readonly string[]) => {
    const { kafka = {}, folder } = read(text, environment);
    return kafkaSettingsOf(kafka, folder, brokers);
  };

  test('takes every key, secrets from the environment', () => {
    const text = `kafka:
  brokers: [a:9092, b:9092]
  client-id: shop
  tls: { servername: kafka, passphrase: "\${PHRASE}", any-certificate: true }
  sasl: { mechanism: SCRAM-SHA-512, username: me, password: "\${PASSWORD}" }
  connect-timeout: 1s
  request-timeout: 2s
  guarantee: at-least-once
  transaction-timeout: 3s
  compression: lz4
  patience: 4s
  replication-factor: 3
  standby-replicas: 1
  session-timeout: 20s
  heartbeat-interval: 5s
  static-membership: false
  acceptable-lag: 5
`;
    const made = settings(text, { PASSWORD: '0123', PHRASE: 'open' });
    expect(made).toEqual({
      brokers: ['a:9092', 'b:9092'],
      clientId: 'shop',
      tls: { servername: 'kafka', passphrase: 'open', rejectUnauthorized: false },
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'me', password: '0123' },
      connectTimeout: 1000,
      requestTimeout: 2000,
      guarantee: 'at-least-once',
      transactionTimeout: 3000,
      compression: 'lz4',
      patience: 4000,
      replicationFactor: 3,
      standbyReplicas: 1,
      sessionTimeout: 20_000,
      heartbeatInterval: 5000,
      staticMembership: false,
      acceptableLag: 5,
    });
    expect(kafkaLogOptions(made).membership).toEqual({
      sessionTimeoutMs: 20_000,
      heartbeatIntervalMs: 5000,
      static: false,
      acceptableLag: 5,
    });
  });

  test('takes a token, and brokers of the command line before its own', () => {
    const text = 'kafka: { brokers: a:9092, sasl: { mechanism: OAUTHBEARER, token: "${T}" } }\n';
    expect(settings(text, { T: 'abc' }, ['b:1'])).toEqual({
      brokers: ['b:1'],
      sasl: { mechanism: 'OAUTHBEARER', token: 'abc' },
    });
  });

  test.each([
    ['kafka: {}', 'no broker is named: say --brokers'],
    ['kafka: { brokers: a:1, sasl: { mechanism: PLAIN } }', 'kafka.sasl has no "username"'],
    ['kafka: { brokers: a:1, sasl: { mechanism: OAUTHBEARER } }', 'kafka.sasl has no "token"'],
    ['kafka: { brokers: a:1, tls: { ca: no.pem } }', 'as kafka.tls.ca: there is no such file'],
  ])('refuses %s', (text, message) => {
    expect(() => settings(`${text}\n`)).toThrow(message);
  });

  test('refuses heartbeats that are too rare for the session time-out', () => {
    expect(() =>
      kafkaLogOptions({ brokers: ['a:1'], sessionTimeout: '6s', heartbeatInterval: '3s' }),
    ).toThrow('heartbeat-interval is more than a third of session-timeout');
  });
});

describe('calls', () => {
  test('takes every key, secrets from the environment', () => {
    const text = `calls:
  payments:
    url: https://pay.example.com/charges/{id}
    method: PUT
    body: none
    headers: { X-Shop: "7" }
    auth: { bearer: "\${TOKEN}" }
    idempotency-header: X-Key
    statuses: { 2xx: reply, 402: { reply: { state: DECLINED, codes: [1, null] } }, 404: unknown }
    max-reply: 2kB
    connect-timeout: 3s
    tls: { servername: pay, any-certificate: true }
    lookup: { url: "https://pay.example.com/{idempotency-key}", statuses: { 404: absent } }
  shop-bank: { url: "http://bank", auth: { basic: { username: me, password: "\${TOKEN}" } } }
  fraud: { url: "http://fraud", auth: { header: { name: X-Key, value: "\${TOKEN}" } } }
`;
    const { calls = {}, folder } = read(text, { TOKEN: '01' });
    expect(httpCallsOf(calls, folder)).toEqual({
      payments: {
        url: 'https://pay.example.com/charges/{id}',
        method: 'PUT',
        body: 'none',
        headers: { 'X-Shop': '7' },
        auth: { bearer: '01' },
        idempotencyHeader: 'X-Key',
        statuses: {
          '2xx': 'reply',
          402: { reply: { state: 'DECLINED', codes: [1, null] } },
          404: 'unknown',
        },
        maxReply: 2000,
        connectTimeout: 3000,
        tls: { servername: 'pay', rejectUnauthorized: false },
        lookup: {
          url: 'https://pay.example.com/{idempotency-key}',
          statuses: { 404: 'absent' },
        },
      },
      'shop-bank': { url: 'http://bank', auth: { basic: { username: 'me', password: '01' } } },
      fraud: { url: 'http://fraud', auth: { header: { name: 'X-Key', value: '01' } } },
    });
  });

  test.each([
    ['calls: { payments: {} }', 'error[E006] missing key "url"'],
    ['calls: { Payments: { url: "http://a" } }', 'error[E008] "Payments" is no name'],
    ['calls: { a: { url: "http://a", statuses: { 6xx: reply } } }', '"6xx" is no status'],
    [
      'calls: { a: { url: "http://a", statuses: { 409: in-progres } } }',
      'did you mean "in-progress"',
    ],
    ['calls: { a: { url: "http://a", statuses: { 402: {} } } }', 'missing key "reply"'],
    ['calls: { a: { url: "http://a", auth: { bearer: abc } } }', 'error[R002] a secret must not'],
    ['calls: { a: { url: "http://a", auth: {} } }', 'one of "bearer", "basic", "header"'],
    ['calls: { a: { url: "http://a", method: POTS } }', 'did you mean "POST"'],
  ])('refuses %s', (text, message) => {
    expect(problems(`${text}\n`)).toContain(message);
  });

  test('says which certificate cannot be read', () => {
    const { calls = {}, folder } = read(
      'calls: { a: { url: "https://a", tls: { ca: no.pem } } }\n',
    );
    expect(() => httpCallsOf(calls, folder)).toThrow('as calls.a.tls.ca: there is no such file');
  });
});

describe('docs/configuration.md', () => {
  const tables = (table: TableDoc): TableDoc[] => [table, ...table.nested.flatMap(tables)];
  const all = runnerTable.tables.flatMap(tables);

  test.each(
    all.flatMap(({ rows }) =>
      rows.map(({ key, type, required, default: absent, doc }) => {
        const otherwise = required ? '**required**' : (absent ?? '');
        return `| \`${key}\` | ${type} | ${otherwise} | ${doc} |`;
      }),
    ),
  )('has the row %s', (row) => {
    const squeezed = docs.replace(/ +\|/g, ' |').replace(/\| +/g, '| ');
    expect(squeezed).toContain(row.replace(/ +\|/g, ' |').replace(/\| +/g, '| '));
  });

  test('has examples that are taken', () => {
    const examples = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      ([, yaml]) => yaml as string,
    );
    expect(examples.length).toBeGreaterThan(0);
    const environment = {
      DATA_DIR: '/var/lib/millrace',
      KAFKA_PASSWORD: 'secret',
      QUERY_TOKEN: 't',
      PAYMENTS_TOKEN: 'p',
      REGISTRY_SECRET: 's',
    };
    for (const yaml of examples) read(yaml, environment);
  });

  test('says the defaults that hold', () => {
    const own = [
      kafkaTable,
      queriesTable,
      callsField,
      registryTable,
      loggingTable,
      restartTable,
    ].flatMap((it) => it.tables.flatMap(tables));
    const ofOthers = new Set(own.map(({ title }) => title));
    const lines = all.flatMap(({ title, rows }) =>
      rows.flatMap(({ key, default: absent }) => {
        if (ofOthers.has(title)) return [];
        if (absent === undefined) return [];
        const line = `${key}: ${absent.replaceAll('`', '')}`;
        return [title === 'commit' ? `commit: { ${line} }` : line];
      }),
    );
    const options = lines.map((line) => read(`${line}\n`).options);
    const merged = options.reduce((a, b) => ({ ...a, ...b, commit: { ...a.commit, ...b.commit } }));
    expect(compileEngineOptions(merged)).toEqual(compileEngineOptions());
  });

  test('says the defaults of restarts that hold', () => {
    const lines = restartTable.tables
      .flatMap(({ rows }) => rows)
      .map(({ key, default: absent = '' }) => `${key}: ${absent.replaceAll('`', '')}`);
    const { restart = {} } = read(`restart: { ${lines.join(', ')} }\n`);
    expect(compileRestartOptions(restart)).toEqual(compileRestartOptions({}));
  });

  test('says the defaults of the registry that hold', () => {
    const lines = (title: string): string[] =>
      registryTable.tables
        .flatMap(tables)
        .filter((table) => table.title === title)
        .flatMap(({ rows }) =>
          rows.flatMap(({ key, default: absent }) =>
            absent?.startsWith('`') === true ? [`${key}: ${absent.replaceAll('`', '')}`] : [],
          ),
        );
    const { registry: serve = {} } = read(`registry: { serve: { ${lines('serve').join(', ')} } }`);
    expect(compileServeOptions((serve.serve ?? {}) as object)).toEqual(compileServeOptions({}));
    const url = 'http://localhost:8081';
    const { registry = {} } = read(`registry: { url: "${url}", ${lines('registry').join(', ')} }`);
    const { url: options = { url: '' } } = registryChoiceOf(registry, '/');
    expect(compileRegistryOptions(options)).toEqual(compileRegistryOptions({ url }));
  });

  test('says the defaults of queries that hold', () => {
    const rows = queriesTable.tables.flatMap(({ rows }) => rows);
    const lines = rows.flatMap(({ key, default: absent }) =>
      absent === undefined ? [] : [`  ${key}: ${absent.replaceAll('`', '')}\n`],
    );
    const { queries = {} } = read(`queries:\n${lines.join('')}`);
    expect(compileQueriesOptions(queries)).toEqual(compileQueriesOptions({}));
  });

  test('says the defaults of Kafka that hold', () => {
    const rows = kafkaTable.tables.flatMap(({ rows }) => rows);
    const lines = rows.flatMap(({ key, default: absent }) =>
      absent === undefined ? [] : [`  ${key}: ${absent.replaceAll('`', '')}\n`],
    );
    const { kafka = {}, folder } = read(`kafka:\n${lines.join('')}`);
    const written = kafkaLogOptions(kafkaSettingsOf(kafka, folder, ['a:1']));
    const left = kafkaLogOptions({ brokers: ['a:1'] });
    const rest = { application: 'a', clock: systemClock, random: () => 0 };
    const compiled = (options: typeof left) => [
      compileKafkaOptions(options.kafka),
      compileKafkaLogOptions({ ...options, ...rest }),
      compileSettings({ ...options.membership, clock: systemClock, random: rest.random }),
    ];
    const text = (options: typeof left) => JSON.stringify(compiled(options));
    expect(text(written)).toBe(text(left));
  });
});
