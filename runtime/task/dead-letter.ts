import { type ErrorPlace, isStreamsError } from '../../topology/core/errors.ts';
import type { Header } from '../../topology/core/record.ts';

/** The raw bytes of a record that failed. */
export interface RawRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly time: number;
}

/** Header of a dead letter that names the task that wrote it. */
export const taskHeader = '__streams.errors.task';

/**
 * Headers of a dead letter: those of the record, then what failed and where. The names of KIP-1034 (`__streams.errors.…`) where it has one, so that tools
 * for Kafka Streams' dead letters read ours.
 */
export function deadLetterHeaders(
  record: readonly Header[],
  error: unknown,
  place: ErrorPlace,
): readonly Header[] {
  const text = (value: string): Uint8Array => Buffer.from(value);
  const headers: Header[] = [...record];
  headers.push(['__streams.errors.exception', text(errorName(error))]);
  headers.push(['__streams.errors.message', text(errorMessage(error))]);
  headers.push(['__streams.errors.topic', text(place.topic ?? '')]);
  headers.push(['__streams.errors.partition', text(String(place.partition ?? -1))]);
  headers.push(['__streams.errors.offset', text(String(place.offset ?? -1))]);
  headers.push(['__streams.errors.stage', text(place.stage ?? '')]);
  headers.push([taskHeader, text(place.taskId ?? '')]);
  return headers;
}

function errorName(error: unknown): string {
  if (isStreamsError(error)) return `${error.name}[${error.code}]`;
  return error instanceof Error ? error.name : typeof error;
}

/** The message of an error, with those of its causes behind it. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  if (cause === undefined || cause === null) return error.message;
  const inner = errorMessage(cause);
  return error.message.includes(inner) ? error.message : `${error.message}: ${inner}`;
}
