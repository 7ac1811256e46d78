import { type Command, Option } from 'commander';
import { type LogFormat, logFormats, type LoggingSettings } from '../../app/runner-file-logging.ts';
import { type LogLevel, logLevels } from '../../logger.ts';

/** Options of commands that run applications. */
export interface LogOptions {
  readonly logLevel?: LogLevel;
  readonly logFormat?: LogFormat;
}

/** Adds `--log-level` and `--log-format`. */
export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log-level <level>', 'least important log lines shown')
        .choices(logLevels)
        .default(undefined, 'logging.level of the runner file, else info'),
    )
    .addOption(
      new Option('--log-format <format>', 'auto: text on a terminal, JSON elsewhere')
        .choices(logFormats)
        .default(undefined, 'logging.format of the runner file, else auto'),
    );
}

/** What options and runner file say together: options win. */
export function loggingOf(
  { logLevel, logFormat }: LogOptions,
  settings: LoggingSettings = {},
): Required<LoggingSettings> {
  return {
    level: logLevel ?? settings.level ?? 'info',
    format: logFormat ?? settings.format ?? 'auto',
  };
}
