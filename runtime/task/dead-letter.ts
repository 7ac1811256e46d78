import { writerId } from '../../schemas/index.ts';
import { type ErrorPlace, isStreamsError } from '../../topology/core/errors.ts';
import type { Header } from '../../topology/core/record.ts';
import { type ParkedId, parkedText } from './release.ts';

/** The raw bytes of a record that failed. */
export interface RawRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly time: number;
}

/**
 * Where the bytes of a dead letter come from, which decides how it can be sent on:
 *
 * | origin | bytes | what else the record caused |
 * |---|---|---|
 * | `record` | the input record | nothing: it was taken back |
 * | `rejected` | the input record, of which a stage set a record aside | stands |
 * | `reply` | the record at its call stage, whose reply failed further down | all before the call stands |
 * | `rejected-reply` | the same, where a stage set a record aside | stands |
 * | `derived` | a record that a stage made, as text | stands |
 * | `punctuation` | no record: which punctuation failed, and when | nothing: it was taken back |
 */
export type LetterOrigin =
  'record' | 'rejected' | 'reply' | 'rejected-reply' | 'derived' | 'punctuation';

/** Which halves of a topic's records are Avro, behind the id of their writer's schema. */
export interface WireHalves {
  readonly key: boolean;
  readonly value: boolean;
}

/** A record that failed, and all that is known of it. */
export interface FailedRecord {
  readonly raw: RawRecord;
  readonly error: unknown;
  readonly place: ErrorPlace;
  readonly origin: LetterOrigin;
  /** A call's reply: its intent, as the journal of {@link FailedCall.stage} has it. */
  readonly call?: FailedCall;
  /** It parks its key: later records of it wait until this letter is sent on or given up. */
  readonly parked?: ParkedId | undefined;
}

/** The call whose reply failed. */
export interface FailedCall {
  readonly stage: string;
  readonly intent: Uint8Array;
}

const prefix = '__streams.errors.';

/** Names of the headers of a dead letter. The last of a name counts: the record may have had some of its own. */
export const letterHeaders = {
  exception: `${prefix}exception`,
  message: `${prefix}message`,
  topic: `${prefix}topic`,
  partition: `${prefix}partition`,
  offset: `${prefix}offset`,
  stage: `${prefix}stage`,
  task: `${prefix}task`,
  application: `${prefix}application`,
  origin: `${prefix}origin`,
  keySchema: `${prefix}key-schema-id`,
  valueSchema: `${prefix}schema-id`,
  callStage: `${prefix}call-stage`,
  callIntent: `${prefix}call-intent`,
  parked: `${prefix}parked`,
} as const;

/**
 * Headers of a dead letter: those of the record, then what failed and where. The names of KIP-1034 (`__streams.errors.…`) where it has one, so that tools
 * for Kafka Streams' dead letters read ours. `wire` says where to look for schema ids.
 */
export function deadLetterHeaders(
  { raw, error, place, origin, call, parked }: FailedRecord,
  application: string,
  wire: WireHalves,
): readonly Header[] {
  const names = letterHeaders;
  const headers: Header[] = [...raw.headers];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) headers.push([name, Buffer.from(value)]);
  };
  add(names.exception, errorName(error));
  add(names.message, errorMessage(error));
  add(names.topic, place.topic ?? '');
  add(names.partition, String(place.partition ?? -1));
  add(names.offset, String(place.offset ?? -1));
  add(names.stage, place.stage ?? '');
  add(names.task, place.taskId ?? '');
  add(names.application, application);
  add(names.origin, origin);
  add(names.keySchema, wire.key ? schemaId(raw.key) : undefined);
  add(names.valueSchema, wire.value ? schemaId(raw.value) : undefined);
  if (call !== undefined) {
    add(names.callStage, call.stage);
    headers.push([names.callIntent, call.intent]);
  }
  add(names.parked, parked === undefined ? undefined : parkedText(parked));
  return headers;
}

function schemaId(bytes: Uint8Array | null): string | undefined {
  if (bytes === null) return undefined;
  const id = writerId(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
  return id === undefined ? undefined : String(id);
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
