import { type Command, Option } from 'commander';
import { ConfigError, isStreamsError } from '../../../topology/core/errors.ts';
import { openOwnRegistry } from '../../app/open-own-registry.ts';
import { openUrlRegistry } from '../../app/open-registry.ts';
import type { RunPlace } from '../../app/run-place.ts';
import { openToolLog } from '../../app/tool-log.ts';
import type { ManagedRegistry } from '../../ports.ts';
import type { Console } from '../console.ts';
import { UsageError } from '../failure.ts';
import { addDataOptions, beginsFolder, type DataOptions, settingsOf } from '../settings.ts';

/** Options of every command that works on a registry. */
export interface RegistryCommandOptions extends DataOptions {
  readonly registry?: string;
  readonly json?: true;
}

/** Adds `--registry`, `--json` and the options of a log, whose own registry is the default. */
export function addRegistryOptions(command: Command): Command {
  return addDataOptions(
    command.addOption(
      new Option('--registry <url>', 'a schema registry without credentials').default(
        undefined,
        "registry of the runner file, else the log's own",
      ),
    ),
  ).option('--json', 'print it as JSON');
}

/** A registry that a command works on. */
export interface CommandRegistry {
  readonly registry: ManagedRegistry;
  /** Undefined: it is the one of a log. */
  readonly url: string | undefined;
  /** For messages. */
  readonly where: string;
}

/** A registry that a command has opened. */
export interface OpenCommandRegistry extends CommandRegistry {
  close(): Promise<void>;
}

/** How a command uses a registry. */
export interface RegistryUse {
  readonly options: RegistryCommandOptions;
  /** Told when it is waited for, and when a log is made. */
  readonly console: Pick<Console, 'note'>;
  /** Makes the log whose own registry it is, where there is none. @defaultValue LOG_MISSING */
  readonly create?: true;
}

/**
 * Opens the registry that options and runner file name. A log is opened only for its own.
 * @throws {ConfigError} LOG_MISSING, OPTION_REGISTRY
 * @throws {StorageError} when the log cannot be read
 */
export async function openRegistryOf({
  options,
  console,
  create,
}: RegistryUse): Promise<OpenCommandRegistry> {
  const place = settingsOf(options);
  const url =
    options.registry === undefined ? place.choice.registry?.url : { url: options.registry };
  if (url === undefined) {
    const own = await (create ? openOrCreate(place, console) : openPresent(place));
    const where = `the registry of ${place.where}`;
    return { registry: own.registry, url: undefined, where, close: () => own.close() };
  }
  const registry = openUrlRegistry(url, (line) => console.note(`${line}\n`));
  return {
    registry,
    url: registry.url,
    where: `the registry at ${registry.url}`,
    close: async () => registry.close(),
  };
}

interface OwnRegistry {
  readonly registry: ManagedRegistry;
  close(): Promise<void>;
}

async function openPresent({ choice, where }: RunPlace): Promise<OwnRegistry> {
  try {
    return await openToolLog(choice);
  } catch (error) {
    if (!isStreamsError(error) || error.code !== 'LOG_MISSING') throw error;
    throw new ConfigError(
      'LOG_MISSING',
      `there is no log in "${where}", and so no registry of it: check --data, name another registry with --registry, ` +
        'or begin with "millrace schemas register"',
      { cause: error },
    );
  }
}

async function openOrCreate(place: RunPlace, console: Pick<Console, 'note'>): Promise<OwnRegistry> {
  const begins = beginsFolder(place);
  const own = await openOwnRegistry(place.choice);
  if (begins) console.note(`${place.where} is a new data folder\n`);
  return own;
}

/** Runs `action` on the registry of {@link openRegistryOf}. */
export async function withRegistry<T>(
  use: RegistryUse,
  action: (found: CommandRegistry) => Promise<T>,
): Promise<T> {
  const opened = await openRegistryOf(use);
  let result: T;
  try {
    result = await action(opened);
  } catch (error) {
    // The first error is what matters.
    await opened.close().catch(() => {});
    throw error;
  }
  await opened.close();
  return result;
}

/**
 * A topology, and a subject, have their subjects already.
 * @throws {UsageError} where one is named for what is no schema file
 */
export function assertTakesSubject(word: string, subject: string | undefined): void {
  if (subject === undefined || word.endsWith('.avsc')) return;
  throw new UsageError(`--subject is of a schema file, and ${word} is none`);
}
