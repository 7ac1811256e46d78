import { join } from 'node:path';
import type { LogChoice } from './application-log.ts';
import { type LogKind, readRunnerFile, type RunnerSettings } from './runner-file.ts';
import { kafkaSettingsOf } from './runner-file-kafka.ts';
import { registryChoiceOf } from './runner-file-registry.ts';

/** What a command line says of where things run. */
export interface PlaceOptions {
  /** Data folder. @defaultValue `data` of the runner file, else `.millrace/data` */
  readonly data?: string;
  /** Runner file. @defaultValue `millrace.yaml` in the working directory, if it is there */
  readonly config?: string;
  /** @defaultValue `log` of the runner file, else 'embedded' */
  readonly log?: LogKind;
  /** Some brokers, as `host:port`. @defaultValue `kafka.brokers` of the runner file */
  readonly brokers?: readonly string[];
}

/** What the runner file and the options say together: options win. */
export interface RunPlace extends Omit<RunnerSettings, 'registry'> {
  readonly data: string;
  readonly choice: LogChoice;
  /** The log, for messages: the data folder, or the cluster. */
  readonly where: string;
}

/**
 * Where something runs. Brokers without Kafka as the log count for nothing here: who takes them
 * from a user refuses them.
 * @throws {ConfigError} RUNNER_FILE, OPTION_BROKERS, OPTION_SASL, OPTION_REGISTRY
 */
export function runPlace(
  options: PlaceOptions,
  environment: Readonly<Record<string, string | undefined>>,
): RunPlace {
  const settings = readRunnerFile(options.config, environment);
  const data = options.data ?? settings.data ?? join('.millrace', 'data');
  const registry =
    settings.registry === undefined
      ? {}
      : { registry: registryChoiceOf(settings.registry, settings.folder) };
  if ((options.log ?? settings.log) !== 'kafka') {
    const sync = settings.sync === undefined ? {} : { sync: settings.sync };
    return { ...settings, data, choice: { data, ...sync, ...registry }, where: data };
  }
  const kafka = kafkaSettingsOf(settings.kafka ?? {}, settings.folder, options.brokers);
  const where = `Kafka at ${kafka.brokers.join(', ')}`;
  return { ...settings, data, choice: { data, kafka, ...registry }, where };
}
