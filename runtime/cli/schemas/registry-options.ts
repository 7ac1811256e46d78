import { type Command, Option } from 'commander';
import { openUrlRegistry } from '../../app/open-registry.ts';
import { openToolLog } from '../../app/tool-log.ts';
import type { ManagedRegistry } from '../../ports.ts';
import { addDataOptions, type DataOptions, settingsOf } from '../settings.ts';

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

/**
 * Opens the registry that options and runner file name. A log is opened only for its own.
 * @throws {ConfigError} LOG_MISSING, OPTION_REGISTRY
 * @throws {StorageError} when the log cannot be read
 */
export async function openRegistryOf(
  options: RegistryCommandOptions,
): Promise<OpenCommandRegistry> {
  const place = settingsOf(options);
  const url =
    options.registry === undefined ? place.choice.registry?.url : { url: options.registry };
  if (url === undefined) {
    const tool = await openToolLog(place.choice);
    const where = `the registry of ${place.where}`;
    return { registry: tool.registry, url: undefined, where, close: () => tool.close() };
  }
  const registry = openUrlRegistry(url);
  return {
    registry,
    url: registry.url,
    where: `the registry at ${registry.url}`,
    close: async () => registry.close(),
  };
}

/** Runs `action` on the registry of {@link openRegistryOf}. */
export async function withRegistry<T>(
  options: RegistryCommandOptions,
  action: (found: CommandRegistry) => Promise<T>,
): Promise<T> {
  const opened = await openRegistryOf(options);
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
