import type { StreamsError } from '../../topology/core/errors.ts';

/**
 * Codes of errors at which LMDB itself may have written to standard error (`Write error: No space
 * left on device position …`), without a line break.
 */
const nativeCodes: ReadonlySet<string> = new Set(['LOG_FULL', 'STATE_FULL']);

/**
 * What the user is told of an error that ended a program: its code and message, with a line break.
 * An empty line is before it where LMDB may have left standard error in the middle of a line.
 */
export function failureLine(error: StreamsError): string {
  const lead = nativeCodes.has(error.code) ? '\n' : '';
  return `${lead}error[${error.code}] ${error.message}\n`;
}
