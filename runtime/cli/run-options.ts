import type { ApplicationOptions } from '../app/application.ts';
import { httpCallsOf } from '../app/runner-file-calls.ts';
import type { RunPlace } from '../app/run-place.ts';
import type { SyncMode } from '../embedded/durability.ts';
import type { Logger } from '../logger.ts';
import type { LogOptions } from './log/log-options.ts';
import { type DataOptions, dataOptionWords } from './settings.ts';

/** Options of `millrace run`. */
export interface RunOptions extends DataOptions, LogOptions {
  readonly sync?: SyncMode;
  readonly untilCaughtUp?: true;
  readonly isolate?: true;
  readonly json?: true;
}

/** What starts the application of a topology file, as options and runner file say. */
export function applicationOptions(
  file: string,
  options: RunOptions,
  settings: RunPlace,
  logger: Logger,
): ApplicationOptions {
  const { choice, queries, calls, data } = settings;
  const sync = options.sync ?? settings.sync;
  return {
    topology: file,
    data,
    options: settings.options,
    commandOptions: dataOptionWords(options),
    logger,
    ...(sync === undefined ? {} : { sync }),
    ...(choice.kafka === undefined ? {} : { kafka: choice.kafka }),
    ...(choice.registry === undefined ? {} : { registry: choice.registry }),
    ...(queries === undefined ? {} : { queries }),
    ...(calls === undefined ? {} : { calls: httpCallsOf(calls, settings.folder) }),
  };
}
