import type { Header } from '../../../topology/core/record.ts';
import type { Position } from '../../ports.ts';
import { letterHeaders, type FailedCall, type LetterOrigin } from '../../task/dead-letter.ts';
import { type ParkedId, parkedId } from '../../task/release.ts';

/** Header of a record that was sent on: the letter that it was. */
export const redrivenHeader = '__streams.redriven';

/** A record as a dead-letter topic holds it. */
export interface StoredLetter extends Position {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly time: number;
  readonly headers: readonly Header[];
}

/** A dead letter: the bytes of a record that failed, and what its headers say of the failure. */
export interface DeadLetter extends StoredLetter {
  /** `topic/partition/offset` of the letter: its name. */
  readonly id: string;
  /** Those of the record itself. */
  readonly headers: readonly Header[];
  /** Class of the error, like `SerdeError`. */
  readonly error: string;
  /** Its code; undefined: it had none. */
  readonly code: string | undefined;
  readonly message: string;
  readonly stage: string;
  readonly task: string;
  /** Undefined: an earlier version wrote it, which did not say. */
  readonly application: string | undefined;
  /** Undefined likewise. */
  readonly origin: LetterOrigin | undefined;
  /** The input record that it comes from; undefined: none, as of a punctuation. */
  readonly source: Position | undefined;
  readonly keySchemaId: number | undefined;
  readonly schemaId: number | undefined;
  readonly call: FailedCall | undefined;
  /** Its key was parked with it: later records of the key wait behind it. */
  readonly parked: ParkedId | undefined;
}

/** What a record of a dead-letter topic says; undefined: it is no dead letter. */
export function parseLetter(stored: StoredLetter): DeadLetter | undefined {
  const all = stored.headers;
  const start = all.findLastIndex(([name]) => name === letterHeaders.exception);
  if (start < 0) return undefined;
  const said = new Map(all.slice(start).map(([name, value]) => [name, value]));
  const text = (name: string): string | undefined => {
    const value = said.get(name);
    return value === undefined || value === null ? undefined : Buffer.from(value).toString('utf8');
  };
  const number = (name: string): number | undefined => {
    const value = text(name);
    return value === undefined ? undefined : Number(value);
  };
  const exception = text(letterHeaders.exception) ?? '';
  const [, error = exception, code] = /^(.*)\[([A-Z0-9_]+)\]$/.exec(exception) ?? [];
  const topic = text(letterHeaders.topic) ?? '';
  const offset = number(letterHeaders.offset) ?? -1;
  const source = { topic, partition: number(letterHeaders.partition) ?? -1, offset };
  const intent = said.get(letterHeaders.callIntent);
  const callStage = text(letterHeaders.callStage);
  return {
    ...stored,
    id: `${stored.topic}/${stored.partition}/${stored.offset}`,
    headers: all.slice(0, start),
    error,
    code,
    message: text(letterHeaders.message) ?? '',
    stage: text(letterHeaders.stage) ?? '',
    task: text(letterHeaders.task) ?? '',
    application: text(letterHeaders.application),
    origin: text(letterHeaders.origin) as LetterOrigin | undefined,
    source: topic === '' || offset < 0 ? undefined : source,
    keySchemaId: number(letterHeaders.keySchema),
    schemaId: number(letterHeaders.valueSchema),
    call:
      intent === undefined || intent === null || callStage === undefined
        ? undefined
        : { stage: callStage, intent },
    parked: parkedId(text(letterHeaders.parked) ?? ''),
  };
}

/** The key of a letter's record as text that tells it from others of its source topic. */
export function keyOf({ source, key }: DeadLetter): string {
  return `${source?.topic ?? ''}/${source?.partition ?? ''}/${key?.toString('hex') ?? 'null'}`;
}

/** What a letter that parks a key is known by: with `parked` of the key's row it is found. */
export function failureId(
  { task, key }: Pick<DeadLetter, 'task' | 'key'>,
  { attempt, sinceMs }: ParkedId,
): string {
  return `${task}/${attempt}/${sinceMs}/${key?.toString('hex') ?? ''}`;
}
