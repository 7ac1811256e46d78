import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readRunnerFile, type RunnerSettings } from '../app/runner-file.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../embedded/embedded-log.ts';
import { systemClock } from '../app/system-clock.ts';

/** Options of every command that works on a data folder. */
export interface DataOptions {
  readonly data?: string;
  readonly config?: string;
}

/** Adds `--data` and `--config`. */
export function addDataOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--data <dir>', 'data folder')
        .default(undefined, 'data of the runner file, else .millrace/data')
        .argParser(folderName),
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

/** What the runner file and the options say together: options win. */
export function settingsOf(options: DataOptions): RunnerSettings & { readonly data: string } {
  const settings = readRunnerFile(options.config, process.env);
  return { ...settings, data: options.data ?? settings.data ?? join('.millrace', 'data') };
}

/**
 * Runs `action` on the log of a data folder that must be there. Other processes may have it open.
 * @throws {ConfigError} LOG_MISSING
 * @throws {StorageError} when it cannot be read
 */
export async function withLog<T>(
  folder: string,
  action: (log: EmbeddedLog) => Promise<T>,
): Promise<T> {
  const log = await openEmbeddedLog({ folder, clock: systemClock, create: false });
  let result: T;
  try {
    result = await action(log);
  } catch (error) {
    // The first error is what matters.
    await log.close().catch(() => {});
    throw error;
  }
  await log.close();
  return result;
}
