import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { brokersIn } from '../app/kafka-settings.ts';
import { type PlaceOptions, type RunPlace, runPlace } from '../app/run-place.ts';
import { openToolLog, type ToolLog } from '../app/tool-log.ts';
import { dataLayout } from '../embedded/layout.ts';
import { UsageError } from './failure.ts';

/** Options of every command that works on a log. */
export type DataOptions = PlaceOptions;

/** Adds `--data`, `--log`, `--brokers` and `--config`. */
export function addDataOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--data <dir>', 'data folder')
        .default(undefined, 'data of the runner file, else .millrace/data')
        .argParser(folderName),
    )
    .addOption(
      new Option('--log <kind>', 'the embedded log of the data folder, or a Kafka cluster')
        .choices(['embedded', 'kafka'])
        .default(undefined, 'log of the runner file, else embedded'),
    )
    .addOption(
      new Option('--brokers <list>', 'some brokers of the cluster: host:port,…')
        .default(undefined, 'kafka.brokers of the runner file')
        .argParser(brokerList),
    )
    .addOption(
      new Option('--config <file>', 'runner file').default(
        undefined,
        'millrace.yaml, if it is there',
      ),
    );
}

/** An empty text, as of a shell variable that is not set, would mean the working directory. */
function folderName(text: string): string {
  if (text === '') throw new InvalidArgumentError('name a folder');
  return text;
}

function brokerList(text: string): readonly string[] {
  const brokers = brokersIn(text);
  if (brokers !== undefined) return brokers;
  throw new InvalidArgumentError('give host:port, or several with commas between them');
}

/** The options as they were given, word by word, for messages that name other commands. */
export function dataOptionWords({ data, log, brokers, config }: DataOptions): readonly string[] {
  return [
    ...(data === undefined ? [] : ['--data', data]),
    ...(log === undefined ? [] : ['--log', log]),
    ...(brokers === undefined ? [] : ['--brokers', brokers.join(',')]),
    ...(config === undefined ? [] : ['--config', config]),
  ];
}

/** @throws {ConfigError} RUNNER_FILE, OPTION_BROKERS, OPTION_SASL */
export function settingsOf(options: DataOptions): RunPlace {
  const place = runPlace(options, process.env);
  if (place.choice.kafka === undefined && options.brokers !== undefined) {
    throw new UsageError('--brokers names a Kafka cluster: add --log kafka');
  }
  return place;
}

/** True where there is no log yet in the data folder: one whose name is mistyped looks like that. */
export function beginsFolder({ choice }: Pick<RunPlace, 'choice'>): boolean {
  return choice.kafka === undefined && !existsSync(dataLayout(choice.data).log);
}

/**
 * Runs `action` on a log that must be there. Others may have it open.
 * @throws {ConfigError} LOG_MISSING
 * @throws {StorageError} when it cannot be read
 */
export async function withLog<T>(
  { choice }: RunPlace,
  action: (tool: ToolLog) => Promise<T>,
): Promise<T> {
  const tool = await openToolLog(choice);
  let result: T;
  try {
    result = await action(tool);
  } catch (error) {
    // The first error is what matters.
    await tool.close().catch(() => {});
    throw error;
  }
  await tool.close();
  return result;
}
