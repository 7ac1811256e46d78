import { choice, duration } from '../../topology/definition/fields.ts';
import { object } from '../../topology/definition/object.ts';
import { type LogLevel, logLevels } from '../logger.ts';
import type { RestartOptions } from './runner/restart-policy.ts';

/** How log lines look: JSON, text for people, or what fits where they go. */
export type LogFormat = 'auto' | 'json' | 'pretty';

/** The formats. */
export const logFormats = ['auto', 'json', 'pretty'] as const satisfies readonly LogFormat[];

/** What a runner file says of log lines. */
export interface LoggingSettings {
  readonly level?: LogLevel;
  readonly format?: LogFormat;
}

/** The keys of `logging` in a runner file. */
export const loggingTable = object<LoggingSettings>({
  title: 'logging',
  doc: 'What is said while applications run, on standard error.',
  mayBeEmpty: true,
  parts: {
    level: { field: choice(logLevels), default: '`info`', doc: 'The least important lines shown.' },
    format: {
      field: choice(logFormats),
      default: '`auto`',
      doc: '`json`: one object a line; `pretty`: text; `auto`: text on a terminal, JSON elsewhere.',
    },
  },
});

/** The keys of `restart` in a runner file. */
export const restartTable = object<RestartOptions>({
  title: 'restart',
  doc: 'When an application that failed is started again, where several run, or with `--isolate`.',
  mayBeEmpty: true,
  parts: {
    first: {
      field: duration(),
      default: '`1s`',
      doc: 'Wait before the first restart; it doubles with each failure in a row.',
    },
    max: { field: duration(), default: '`1m`', doc: 'Longest wait.' },
    healthy: {
      field: duration(),
      default: '`1m`',
      doc: 'An application that ran for so long is healthy: the next wait is the first again.',
    },
  },
});
