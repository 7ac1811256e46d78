import {
  jsonSerde,
  type PrimitiveKind,
  primitiveSerde,
  type Serde,
  writerId,
  writtenReader,
} from '../../schemas/index.ts';
import type { Header } from '../../topology/core/record.ts';
import type { SchemaRegistry } from '../ports.ts';
import type { StoredRecord } from './record-cursor.ts';

/** How the bytes of keys or values are read; `auto` finds out, as far as bytes tell. */
export type ByteFormat = 'auto' | 'json' | PrimitiveKind;

/** Every {@link ByteFormat}. */
export const byteFormats: readonly ByteFormat[] = [
  'auto',
  'json',
  'string',
  'bytes',
  'int',
  'long',
  'float',
  'double',
  'boolean',
];

/** Bytes that could not be read, or that are meant as bytes. */
interface RawBytes {
  readonly base64: string;
  /** Why they are not shown as a value. */
  readonly reason?: string;
}

/** A record as `topics read` prints it. */
export interface RecordLine {
  readonly partition: number;
  readonly offset: number;
  /** ms since epoch. */
  readonly timestamp: number;
  readonly key: unknown;
  readonly value: unknown;
  /** Name → value; a list of values where the name stands several times. */
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface ViewOptions {
  readonly registry: SchemaRegistry;
  readonly key: ByteFormat;
  readonly value: ByteFormat;
  /** The topic may hold changes of a re-grouped table. */
  readonly repartition: boolean;
}

const unreadable =
  'neither Avro with a schema id nor text: say --key or --value with its type if you know it';

/**
 * Shows records: what has a schema id through the registry, what is text as text (JSON objects and
 * lists as such), everything else as base64 with the reason.
 */
export class RecordView {
  private readonly options: ViewOptions;
  /** Schema id → how to read what it wrote; undefined: the registry does not know it. */
  private readonly readers = new Map<number, ((payload: Buffer) => unknown) | undefined>();

  constructor(options: ViewOptions) {
    this.options = options;
  }

  async show(record: StoredRecord): Promise<RecordLine> {
    const { partition, offset, timestamp } = record;
    return {
      partition,
      offset,
      timestamp,
      key: await this.bytes(record.key, this.options.key),
      value: await this.bytes(record.value, this.options.value),
      headers: showHeaders(record.headers),
    };
  }

  private async bytes(bytes: Buffer | null, format: ByteFormat): Promise<unknown> {
    if (bytes === null) return null;
    try {
      if (format === 'auto') return await this.guess(bytes);
      const serde: Serde = format === 'json' ? jsonSerde : primitiveSerde(format);
      return serde.read(bytes, 0, bytes.length);
    } catch (error) {
      return raw(bytes, error instanceof Error ? error.message : String(error));
    }
  }

  private async guess(bytes: Buffer): Promise<unknown> {
    const id = writerId(bytes, 0, bytes.length);
    const reader = id === undefined ? undefined : await this.reader(id);
    if (reader !== undefined) return reader(bytes);
    if (this.options.repartition) {
      const halves = changeHalves(bytes);
      if (halves !== undefined) {
        const { old, value } = halves;
        return { old: await this.half(old), new: await this.half(value) };
      }
    }
    const text = plainText(bytes);
    if (text !== undefined) return parsedText(text);
    // Ids of schemas count from 1.
    if (id === undefined || id === 0) return raw(bytes, unreadable);
    return raw(bytes, `the schema registry does not know schema ${id}`);
  }

  /** JSON leaves out what is undefined: a half that is no part of the change. */
  private async half(bytes: Buffer | null | undefined): Promise<unknown> {
    return bytes === undefined ? undefined : this.bytes(bytes, 'auto');
  }

  private async reader(id: number): Promise<((payload: Buffer) => unknown) | undefined> {
    if (!this.readers.has(id)) {
      const text = await this.options.registry.schema(id);
      this.readers.set(
        id,
        text === undefined ? undefined : writtenReader(text, { longs: 'bigint' }),
      );
    }
    return this.readers.get(id);
  }
}

/** `JSON.rawJSON` (ES2025), which the typings do not have yet: digits as they are. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };

/**
 * A {@link RecordLine}, or what else has values in it, as a line of JSON: bytes as `{"base64": …}`, numbers that JSON lacks as text, decimals as text,
 * longs with all their digits.
 */
export function lineText(line: object): string {
  return `${JSON.stringify(line, function (this: Record<string, unknown>, name, value: unknown) {
    const original = this[name];
    if (Buffer.isBuffer(original)) return raw(original);
    if (typeof original === 'bigint') return rawJson(String(original));
    if (typeof original === 'number' && !Number.isFinite(original)) return String(original);
    return value;
  })}\n`;
}

function showHeaders(headers: readonly Header[]): Record<string, unknown> {
  const shown = new Map<string, unknown[]>();
  for (const [name, value] of headers) {
    const bytes = value === null ? null : Buffer.from(value);
    const one = bytes === null ? null : (plainText(bytes) ?? raw(bytes));
    shown.set(name, [...(shown.get(name) ?? []), one]);
  }
  return Object.fromEntries(
    [...shown].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

function raw(bytes: Buffer, reason?: string): RawBytes {
  const base64 = bytes.toString('base64');
  return reason === undefined ? { base64 } : { base64, reason };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as text, if they are UTF-8 without control characters. */
function plainText(bytes: Buffer): string | undefined {
  try {
    const text = decoder.decode(bytes);
    return /[^\P{Cc}\t\n\r]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function parsedText(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/**
 * The halves of a change in a repartition topic (see `change-serde.ts`); undefined: the bytes are
 * none.
 */
function changeHalves(
  bytes: Buffer,
):
  | { readonly old: Buffer | null | undefined; readonly value: Buffer | null | undefined }
  | undefined {
  const headerBytes = 6;
  if (bytes.length < headerBytes) return undefined;
  const [old, value] = [bytes[0] as number, bytes[1] as number];
  const oldEnd = headerBytes + bytes.readInt32BE(2);
  if (old > 2 || value > 2 || oldEnd < headerBytes || oldEnd > bytes.length) return undefined;
  const half = (mark: number, start: number, end: number): Buffer | null | undefined =>
    mark === 0 ? undefined : mark === 1 ? null : bytes.subarray(start, end);
  return { old: half(old, headerBytes, oldEnd), value: half(value, oldEnd, bytes.length) };
}
