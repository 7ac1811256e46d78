import type { StreamsError } from '../../topology/core/errors.ts';

/**
 * Codes of errors at which LMDB itself may have written to standard error (`Write error: No space
 * left on device position …`), without a line break.
 */
const nativeCodes: ReadonlySet<string> = new Set(['LOG_FULL', 'STATE_FULL']);

/** Codes whose messages are a list, a line for each thing: each line is to be found by its code. */
const listCodes: ReadonlySet<string> = new Set([
  'CHANGELOG_LEFT',
  'CHANGELOG_MISSING',
  'TOPIC_MISMATCH',
  'TOPIC_MISSING',
]);

/**
 * What the user is told of an error that ended a program: its code and message, with a line break.
 * An empty line is before it where LMDB may have left standard error in the middle of a line.
 */
export function failureLine(error: StreamsError): string {
  const lead = nativeCodes.has(error.code) ? '\n' : '';
  const prefix = `error[${error.code}] `;
  const message = listCodes.has(error.code)
    ? error.message.replaceAll('\n', `\n${prefix}`)
    : error.message;
  return `${lead}${prefix}${message}\n`;
}
