import type { Clock } from '../../topology/core/clock.ts';
import type { LogFields, Logger } from '../logger.ts';

/** How long a line is not repeated, ms. */
const quietMs = 10_000;
/** Lines that are remembered at most: beyond it the oldest are forgotten. */
const remembered = 256;

interface Seen {
  untilMs: number;
  left: number;
}

/**
 * The same logger, without lines that said the same less than 10 s ago: the next one tells how many were left out, as `repeated`. Lines are the same when level and
 * message are, or the code and what they are about.
 */
export function withoutRepeats(logger: Logger, clock: Clock): Logger {
  const seen = new Map<string, Seen>();
  return {
    log(level, message, fields) {
      const key = `${level} ${sameness(message, fields)}`;
      const nowMs = clock.monotonic();
      const before = seen.get(key);
      if (before !== undefined && nowMs < before.untilMs) {
        before.left++;
        return;
      }
      seen.delete(key);
      seen.set(key, { untilMs: nowMs + quietMs, left: 0 });
      if (seen.size > remembered) seen.delete(seen.keys().next().value as string);
      const repeated = before?.left ?? 0;
      logger.log(level, message, repeated === 0 ? fields : { ...fields, repeated });
    },
  };
}

function sameness(message: string, fields: LogFields | undefined): string {
  if (fields?.code === undefined) return message;
  const { code, task, stage, store } = fields;
  return [code, task, stage, store].join(' ');
}
