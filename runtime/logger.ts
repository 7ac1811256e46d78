/** How much a line matters: `warn` asks for a look, `error` says that something is not being done. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The levels, the least important first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];

/** What a line is about. */
export interface LogFields {
  readonly application?: string | undefined;
  /** `<subTopology>_<partition>`. */
  readonly task?: string | undefined;
  readonly stage?: string | undefined;
  readonly store?: string | undefined;
  /** Code of the error that it tells of. */
  readonly code?: string | undefined;
  readonly [name: string]: string | number | boolean | undefined;
}

/**
 * Where what the runtime says while it runs goes: restores, restarts, dead letters, breakers. Never called per record. A message is a whole
 * sentence and names what it is about; `fields` say the same to machines. May not throw.
 */
export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
}

/** Fields of a line, and its level. @defaultValue level 'info' */
export type ReportDetails = LogFields & { readonly level?: LogLevel | undefined };

/** Says something that an operator should know. What parts of the runtime get: whose application it is, is added for them. */
export type Report = (message: string, about?: ReportDetails) => void;

/** A report into a logger, with fields that all its lines have. */
export function reportTo(logger: Logger, common: LogFields): Report {
  return (message, { level = 'info', ...fields } = {}) =>
    logger.log(level, message, { ...common, ...fields });
}

/** A logger that gives plain lines, without level and fields. */
export function lineLogger(write: (line: string) => void): Logger {
  return { log: (_, message) => write(message) };
}
