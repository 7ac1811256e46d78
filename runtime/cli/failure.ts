import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import {
  ConfigError,
  IllegalStateError,
  isStreamsError,
  ProcessingError,
  StorageError,
  type StreamsError,
} from '../../topology/core/errors.ts';
import { ChildEndedError } from '../app/runner/child-ended-error.ts';
import { failureLine } from '../app/failure-line.ts';
import { shortPath } from '../app/short-path.ts';
import { TopologyError } from '../app/topology-source.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** A command line that cannot be followed, beyond what commander finds. */
export class UsageError extends Error {}

/** What is said about an error, and how the process ends. */
export interface Failure {
  /** Ends with a line break; empty where everything is said already. */
  readonly text: string;
  readonly exitCode: ExitCode;
}

/**
 * Codes of a {@link ConfigError} whose cause is the user's project, not its surroundings.
 */
const projectCodes: ReadonlySet<string> = new Set([
  'CALL_HANDLER',
  'MIGRATION_EXPORT',
  'MIGRATION_FILE',
  'PLAN_REFUSED',
  'PROCESSOR_EXPORT',
  'PROCESSOR_FILE',
  'PROCESSOR_IMPORT',
  'SCHEMA_INVALID',
  'SCHEMA_REFUSED',
  'TOPOLOGY_INVALID',
]);

/** Codes of names on the command line that nothing has, or can have: the same as of commander's own findings. */
const usageCodes: ReadonlySet<string> = new Set([
  'SCHEMA_SOURCE',
  'SCHEMA_UNKNOWN_ID',
  'SUBJECT_NAME',
  'SUBJECT_UNKNOWN',
  'VERSION_UNKNOWN',
]);

/** Explains what ended a command. Only what nobody foresaw is shown with its stack. */
export function explainFailure(error: unknown): Failure {
  // Commander has printed its own words, or the help that was asked for.
  if (error instanceof CommanderError) {
    return { text: '', exitCode: error.exitCode === 0 ? exitCodes.fine : exitCodes.usage };
  }
  if (error instanceof UsageError) {
    return { text: `error: ${error.message}\n`, exitCode: exitCodes.usage };
  }
  if (!isStreamsError(error) || isBug(error)) return bug(error);
  // Explained where it happened.
  if (error instanceof ChildEndedError) {
    return { text: error.text, exitCode: error.exitCode as ExitCode };
  }
  if (error instanceof TopologyError) return { text: error.message, exitCode: exitCodes.findings };
  // Messages are whole sentences on what, where and what to do: causes add only technical words.
  const text = `${failureLine(error)}${placeOfThrow(error)}`;
  return { text, exitCode: exitCodeOf(error) };
}

/**
 * Where the user's code threw what a record failed of: one line of the stack of the innermost
 * cause, if it tells.
 */
function placeOfThrow(error: StreamsError): string {
  if (!(error instanceof ProcessingError)) return '';
  let cause: unknown = error;
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
  if (!(cause instanceof Error) || isStreamsError(cause)) return '';
  const frame = cause.stack
    ?.split('\n')
    .find((line) => line.includes('file://') && !line.includes('/node_modules/'));
  const [, url, position] = /(file:\/\/[^)]+?):(\d+:\d+)/.exec(frame ?? '') ?? [];
  return url === undefined ? '' : `      at ${shortPath(fileURLToPath(url))}:${position}\n`;
}

function exitCodeOf(error: StreamsError): ExitCode {
  if (error instanceof StorageError) return exitCodes.environment;
  if (error instanceof ConfigError && usageCodes.has(error.code)) return exitCodes.usage;
  if (error instanceof ConfigError && !projectCodes.has(error.code)) return exitCodes.environment;
  return exitCodes.findings;
}

function isBug(error: StreamsError): boolean {
  return error instanceof IllegalStateError;
}

function bug(error: unknown): Failure {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    text: `${stack}\n\nThis should not have happened. Please report it, with the lines above and what you did.\n`,
    exitCode: exitCodes.findings,
  };
}
