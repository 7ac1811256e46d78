import type { LoggingSettings } from '../../app/runner-file-logging.ts';
import type { Logger } from '../../logger.ts';
import type { Console } from '../console.ts';

/**
 * The logger of a command: pino's lines on standard error. Its packages are loaded here, not with the commands: most of those log nothing.
 */
export async function openLogger(
  console: Console,
  { level, format }: Required<LoggingSettings>,
): Promise<Logger> {
  const { pino } = await import('pino');
  const pretty = format === 'pretty' || (format === 'auto' && console.watched);
  const line = pretty ? await prettyLines(console) : (text: string): string => text;
  const lines = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (text: string) => console.note(line(text)) },
  );
  return { log: (at, message, fields = {}) => lines[at](fields, message) };
}

async function prettyLines(console: Console): Promise<(text: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({
    colorize: console.watched && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    // A message names the application already.
    ignore: 'pid,hostname,application,file',
    singleLine: true,
  });
}
