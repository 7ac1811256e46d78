import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { renderProblems } from '../../topology/check/render.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import type { Field } from '../../topology/definition/field.ts';
import { choice, duration, integer, text } from '../../topology/definition/fields.ts';
import { object } from '../../topology/definition/object.ts';
import { parseSettings } from '../../topology/yaml/parse-settings.ts';
import type { SyncMode } from '../embedded/durability.ts';
import type { EngineOptions } from '../engine/engine-options.ts';
import type { QueriesOptions } from '../queries/queries-options.ts';
import { type CallFileSettings, callsField } from './runner-file-calls.ts';
import { type KafkaFileSettings, kafkaTable } from './runner-file-kafka.ts';
import { type LoggingSettings, loggingTable, restartTable } from './runner-file-logging.ts';
import { queriesTable } from './runner-file-queries.ts';
import { type RegistryFileSettings, registryTable } from './runner-file-registry.ts';
import { size } from './runner-file-size.ts';
import type { RestartOptions } from './runner/restart-policy.ts';
import { shortPath } from './short-path.ts';

/** What a runner file says: where things are, and how applications run. */
export interface RunnerFile extends EngineOptions {
  readonly data?: string;
  readonly log?: LogKind;
  readonly sync?: SyncMode;
  readonly kafka?: KafkaFileSettings;
  readonly registry?: RegistryFileSettings;
  readonly queries?: QueriesOptions;
  readonly calls?: Readonly<Record<string, CallFileSettings>>;
  readonly logging?: LoggingSettings;
  /** Where several applications run, or each in a process of its own. */
  readonly restart?: RestartOptions;
}

/** What an application runs on. */
export type LogKind = 'embedded' | 'kafka';

/** Settings of a run, of the runner file alone. */
export interface RunnerSettings {
  /** Absolute. */
  readonly data?: string;
  readonly sync?: SyncMode;
  /** @defaultValue 'embedded' */
  readonly log?: LogKind;
  /** What the file says of the cluster; relative names are as of `folder`. */
  readonly kafka?: KafkaFileSettings;
  /** What the file says of the schema registry; relative names are as of `folder`. */
  readonly registry?: RegistryFileSettings;
  readonly queries?: QueriesOptions;
  /** Calls that are made by HTTP; relative names are as of `folder`. */
  readonly calls?: Readonly<Record<string, CallFileSettings>>;
  readonly logging?: LoggingSettings;
  /** Where several applications run, or each in a process of its own. */
  readonly restart?: RestartOptions;
  /** Folder of the runner file; the working directory where there is none. */
  readonly folder: string;
  readonly options: EngineOptions;
}

const words = duration('unlimited');
const plainDuration = duration();

const idle: Field<number> = {
  ...plainDuration,
  read: (node, at) =>
    node.kind === 'scalar' && node.value === -1 ? -1 : plainDuration.read(node, at),
  type: 'duration \\| `-1`',
};

/** The keys of a runner file. Its reference is part of `docs/configuration.md`. */
export const runnerTable = object<RunnerFile>({
  title: 'runner file',
  doc: 'Where things are, and how applications run.',
  mayBeEmpty: true,
  parts: {
    data: {
      field: { ...text, type: 'folder', schema: { type: 'string' } },
      default: '`.millrace/data`',
      doc: 'Data folder of the embedded log and the state stores, relative to this file. On Kafka: of the state stores.',
    },
    log: {
      field: choice(['embedded', 'kafka']),
      default: '`embedded`',
      doc: 'What applications run on: the log in the data folder, or the cluster of `kafka`.',
    },
    sync: {
      field: choice(['commit', 'interval', 'never']),
      default: '`commit`',
      doc: 'When commits are forced to the disk. Of the embedded log.',
    },
    kafka: { field: kafkaTable, doc: 'The Kafka cluster. Read where `log` is `kafka`.' },
    registry: { field: registryTable, doc: 'The schema registry.' },
    queries: {
      field: queriesTable,
      doc: 'Answers for its stores over HTTP. Without it nobody listens.',
    },
    calls: { field: callsField, doc: 'Calls that are made by HTTP.' },
    logging: { field: loggingTable, doc: 'What is said while applications run.' },
    restart: {
      field: restartTable,
      doc: 'When an application that failed is started again, where several run.',
    },
    commit: {
      field: object<NonNullable<EngineOptions['commit']>>({
        title: 'commit',
        doc: 'When a transaction is committed: as soon as the input runs dry, at the latest after `interval`, never more often than `max-rate`.',
        mayBeEmpty: true,
        parts: {
          interval: {
            field: plainDuration,
            default: '`100ms`',
            doc: 'Commit at the latest this long after the first completed batch.',
          },
          'max-rate': {
            field: integer(1),
            default: '`100`',
            doc: 'Most commits per second. An idle application commits at once, but not more often.',
          },
          'max-bytes': {
            field: size,
            default: '`8MiB`',
            doc: 'Commit when the outputs of a transaction reach this size.',
          },
        },
      }),
      doc: 'When a transaction is committed.',
    },
    'max-task-idle': {
      field: idle,
      default: '`0ms`',
      doc: 'Wait this long for records of an empty input partition before the others are processed; `-1` does not even wait for a fetch.',
    },
    'max-future': {
      field: words,
      default: '`1h`',
      doc: 'A record whose time is later than the clock by more than this goes to the dead letters.',
    },
    'stage-budget': {
      field: plainDuration,
      default: '`30s`',
      doc: 'Time that a stage may take for a batch; beyond it the records then pending fail.',
    },
    'batch-records': {
      field: integer(1),
      default: '`1000`',
      doc: 'Most records in a batch.',
    },
    'store-cache': {
      field: size,
      default: '`64MiB`',
      doc: 'Decoded state kept in memory, all stores together.',
    },
    'fetch-bytes': {
      field: size,
      default: '`4MiB`',
      doc: 'Fetched bytes that wait to be processed, at most about.',
    },
    'max-open-calls': {
      field: integer(1),
      default: '`10000`',
      doc: 'Unfinished calls of a stage, in one task, at which its inputs pause. Those of `max-parked-calls` do not count.',
    },
    'max-parked-calls': {
      field: integer(1),
      default: '`20000`',
      doc: 'Calls of a stage, in one task, that are parked, held, or wait behind such a one, at which its inputs pause.',
    },
    'call-grace': {
      field: plainDuration,
      default: '`5s`',
      doc: 'How long a stop waits for answers to requests of calls that are under way; `0ms` gives them up at once.',
    },
    'random-cuts': {
      field: object<NonNullable<EngineOptions['random-cuts']>>({
        title: 'random-cuts',
        doc: 'Cuts batches at random: stages whose result depends on the cuts show it. For development.',
        parts: { seed: { field: integer(0), required: true, doc: 'Seed of the cuts.' } },
      }),
      doc: 'Cuts batches at random, for development.',
    },
  },
});

/** Name of the runner file that is taken from the working directory. */
export const runnerFileName = 'millrace.yaml';

/**
 * Settings of the runner file at `file`; undefined: of `millrace.yaml` in the working directory, if
 * it is there.
 * @throws {ConfigError} RUNNER_FILE when the file cannot be read, or with all its problems
 */
export function readRunnerFile(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): RunnerSettings {
  const path = resolve(file ?? runnerFileName);
  const folder = dirname(path);
  if (file === undefined && !existsSync(path)) return { folder, options: {} };
  const parsed = parseSettings(readText(path), shortPath(path), {
    field: runnerTable,
    variable: (name) => environment[name],
  });
  if (parsed.problems.length > 0) {
    const problems = renderProblems(parsed.problems, parsed.source).trimEnd();
    throw new ConfigError('RUNNER_FILE', `the runner file has problems:\n\n${problems}`);
  }
  const { data, sync, log, kafka, registry, queries, calls, logging, restart, ...options } =
    parsed.value ?? {};
  return {
    ...(data === undefined ? {} : { data: resolve(folder, data) }),
    ...(sync === undefined ? {} : { sync }),
    ...(log === undefined ? {} : { log }),
    ...(kafka === undefined ? {} : { kafka }),
    ...(registry === undefined ? {} : { registry }),
    ...(queries === undefined ? {} : { queries }),
    ...(calls === undefined ? {} : { calls }),
    ...(logging === undefined ? {} : { logging }),
    ...(restart === undefined ? {} : { restart }),
    folder,
    options,
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file; check the path' : `${code}`;
    throw new ConfigError('RUNNER_FILE', `cannot read the runner file ${shortPath(path)}: ${why}`, {
      cause: error,
    });
  }
}
