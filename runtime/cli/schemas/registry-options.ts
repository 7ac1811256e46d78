import { type Command, Option } from 'commander';
import { openUrlRegistry } from '../../app/open-registry.ts';
import type { ManagedRegistry } from '../../ports.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from '../settings.ts';

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

/**
 * Runs `action` on the registry that options and runner file name. A log is opened only for its own.
 * @throws {ConfigError} LOG_MISSING, OPTION_REGISTRY
 * @throws {StorageError} when the log cannot be read
 */
export async function withRegistry<T>(
  options: RegistryCommandOptions,
  action: (found: CommandRegistry) => Promise<T>,
): Promise<T> {
  const place = settingsOf(options);
  const url =
    options.registry === undefined ? place.choice.registry?.url : { url: options.registry };
  if (url === undefined) {
    return withLog(place, ({ registry }) =>
      action({ registry, url: undefined, where: `the registry of ${place.where}` }),
    );
  }
  const registry = openUrlRegistry(url);
  try {
    return await action({ registry, url: registry.url, where: `the registry at ${registry.url}` });
  } finally {
    registry.close();
  }
}
