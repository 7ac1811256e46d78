import type { Type } from 'avsc';
import type { AvroType } from '../topology/core/avro.ts';
import { SerdeError } from '../topology/core/errors.ts';
import type { LongOptions } from './avsc-types.ts';
import type { AvroSchemas } from './catalog.ts';
import { parseSchema } from './compatibility/parsed-schema.ts';
import type { ReadDifference } from './compatibility/read-check.ts';
import { canRead } from './compatibility/read-check.ts';
import { failingPath } from './decode-path.ts';
import type { Resolution } from './resolutions.ts';
import { resolutionOf } from './resolutions.ts';
import type { Serde } from './serde.ts';
import { decodeError, encodeError, isOverflow, reasonOf, shortPath } from './serde-errors.ts';

/**
 * Texts of schemas by registry id, as far as they are at hand. Synchronous: the engine fetches what
 * is missing before a batch starts (design.md 9).
 */
export interface SchemaResolver {
  /** JSON text of the schema, or undefined where the id is not known (yet). */
  schemaText(id: number): string | undefined;
}

/** A serde whose bytes say which schema wrote them. */
export interface AvroSerde<T = unknown> extends Serde<T> {
  /** The id that this serde writes. */
  readonly schemaId: number;
  unknownId(buffer: Buffer, start: number, end: number): number | undefined;
}

const magic = 0;
const headerBytes = 5;

/**
 * Confluent wire format: a zero byte, the schema id (int32 BE), Avro binary. What values are is said
 * at {@link buildType}: plain objects, unwrapped unions, longs as numbers, decimals as
 * {@link Decimal}, other logical types as what they are underneath. What another schema version
 * wrote is resolved to this one by Avro's rules; the way is worked out once per pair of schemas.
 *
 * **Gotchas** Fields that the schema does not have are not written, silently; a missing field is
 * written as its default.
 * @throws {ConfigError} SCHEMA_UNKNOWN_TYPE if `schemas` has no such type
 */
export function avroSerde<T = unknown>(
  schemas: AvroSchemas,
  type: string | AvroType,
  options: { readonly schemaId: number; readonly resolver: SchemaResolver } & LongOptions,
): AvroSerde<T> {
  const name = typeof type === 'string' ? type : 'name' in type ? type.name : type.kind;
  const schema = (): string => schemas.canonicalSchema(type);
  return new AvroCodec<T>(name, schemas.codec(type, options), { ...options, schema });
}

interface CodecOptions {
  readonly schemaId: number;
  readonly resolver: SchemaResolver;
  /** Text of the reader's schema, for messages. */
  readonly schema: () => string;
}

class AvroCodec<T> implements AvroSerde<T> {
  readonly schemaId: number;
  readonly #name: string;
  readonly #type: Type;
  readonly #resolver: SchemaResolver;
  readonly #schema: () => string;
  /** Writer id → how to read it, or why that cannot be done. */
  readonly #readers = new Map<number, Resolution | SerdeError>();

  constructor(name: string, type: Type, options: CodecOptions) {
    this.schemaId = options.schemaId;
    this.#name = name;
    this.#type = type;
    this.#resolver = options.resolver;
    this.#schema = options.schema;
  }

  write(value: T, buffer: Buffer, position: number): number {
    const room = buffer.length;
    const body = position + headerBytes;
    if (body > room) return this.#needed(value);
    let end: number;
    try {
      end = this.#type.encode(value, buffer, body);
    } catch (error) {
      throw this.#encodeError(value, error);
    }
    // avsc gives the missing bytes as a negative number.
    if (end < 0) return -1 - (room - end - position);
    const id = this.schemaId;
    buffer[position] = magic;
    buffer[position + 1] = id >>> 24;
    buffer[position + 2] = id >>> 16;
    buffer[position + 3] = id >>> 8;
    buffer[position + 4] = id;
    return end;
  }

  read(buffer: Buffer, start: number, end: number): T {
    const id = writerId(buffer, start, end);
    if (id === undefined) throw this.#headerError(buffer, start, end);
    const other = id === this.schemaId ? undefined : this.#reader(id);
    let decoded: { value: unknown; offset: number };
    try {
      decoded = this.#type.decode(buffer, start + headerBytes, other?.resolver);
    } catch (error) {
      throw this.#decodeError(error, { buffer, start, writer: other?.writer });
    }
    if (decoded.offset !== end) throw this.#lengthError(decoded.offset, end);
    return decoded.value as T;
  }

  unknownId(buffer: Buffer, start: number, end: number): number | undefined {
    const id = writerId(buffer, start, end);
    if (id === undefined || id === this.schemaId || this.#readers.has(id)) return undefined;
    return this.#resolver.schemaText(id) === undefined ? id : undefined;
  }

  #reader(id: number): Resolution {
    let reader = this.#readers.get(id);
    if (reader === undefined) {
      const text = this.#resolver.schemaText(id);
      if (text === undefined) {
        throw new SerdeError(
          'SCHEMA_UNKNOWN_ID',
          `cannot read ${this.#name}: the schema registry does not know schema ${id}`,
        );
      }
      reader = this.#resolve(id, text);
      this.#readers.set(id, reader);
    }
    if (reader instanceof SerdeError) throw reader;
    return reader;
  }

  #resolve(id: number, text: string): Resolution | SerdeError {
    try {
      return resolutionOf(this.#type, text);
    } catch (error) {
      return new SerdeError(
        'SCHEMA_INCOMPATIBLE',
        `cannot read ${this.#name} from what schema ${id} wrote: ${this.#obstacles(text, error)}`,
        { cause: error },
      );
    }
  }

  /** All that is in the way, each with its path; what avsc says where the text is no schema. */
  #obstacles(writer: string, error: unknown): string {
    let found: readonly ReadDifference[] = [];
    try {
      found = canRead(parseSchema(this.#schema()), parseSchema(writer)).differences;
    } catch {
      // The error that there is says it.
    }
    const lines = found
      .filter(({ effect }) => effect !== 'changes')
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    return lines.length === 0 ? (error as Error).message : lines.join('; ');
  }

  #needed(value: T): number {
    const scratch = Buffer.allocUnsafe(headerBytes + 64);
    const end = this.write(value, scratch, 0);
    return end < 0 ? end : -1 - end;
  }

  #encodeError(value: T, error: unknown): SerdeError {
    if (isOverflow(error)) {
      return encodeError(this.#name, 'it contains itself, or is nested too deeply', error);
    }
    const reason = reasonOf(this.#type, value);
    return encodeError(this.#name, reason ?? (error as Error).message, error);
  }

  #decodeError(
    error: unknown,
    { buffer, start, writer }: { buffer: Buffer; start: number; writer: Type | undefined },
  ): SerdeError {
    const types = writer === undefined ? { writer: this.#type } : { writer, reader: this.#type };
    const path = failingPath(buffer, start + headerBytes, types);
    const message = error instanceof Error ? error.message : String(error);
    const reason = isOverflow(error) ? 'nested too deeply' : message;
    const where = path.length === 0 ? '' : `${shortPath(path)} is `;
    return decodeError(this.#name, where + reason, error);
  }

  #headerError(buffer: Buffer, start: number, end: number): SerdeError {
    if (end - start < headerBytes) {
      return decodeError(this.#name, `${end - start} bytes are too few for a schema id`);
    }
    const reason =
      buffer[start] === magic
        ? `its schema id would be ${buffer.readInt32BE(start + 1)}, and none is below 0`
        : `the first byte is ${buffer[start]} instead of 0: not Confluent's Avro format`;
    return decodeError(this.#name, reason);
  }

  #lengthError(offset: number, end: number): SerdeError {
    return decodeError(
      this.#name,
      offset < 0 || offset > end
        ? 'the bytes end in the middle of the value'
        : `${end - offset} bytes are left over after the value`,
    );
  }
}

/**
 * Schema id at the head of a payload in Confluent's wire format, at least 0; undefined where it is
 * none. A negative one is in bytes that are none of Avro's: no registry is asked for it.
 */
export function writerId(buffer: Buffer, start: number, end: number): number | undefined {
  if (end - start < headerBytes || buffer[start] !== magic) return undefined;
  const id =
    ((buffer[start + 1] as number) << 24) |
    ((buffer[start + 2] as number) << 16) |
    ((buffer[start + 3] as number) << 8) |
    (buffer[start + 4] as number);
  return id < 0 ? undefined : id;
}
