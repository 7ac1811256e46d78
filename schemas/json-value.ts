import type { Type } from 'avsc';
import type { AvroField, AvroType, SchemaCatalog } from '../topology/core/avro.ts';
import { Decimal } from '../topology/core/decimal.ts';
import type { AvroSchemas } from './catalog.ts';
import { isDecimal } from './decimal-bytes.ts';
import { isBigLong } from './logical-types.ts';
import { decodeError, encodeError, reasonOf } from './serde-errors.ts';

/*
 * Values as the JSON that other services write and read. It is what `JSON.stringify` gives, but for:
 *
 * | Avro | JSON |
 * |---|---|
 * | bytes, fixed | base64 text |
 * | decimal | text with all digits; read from numbers of at most 15 digits, too |
 * | longs that are bigints | text; read from numbers that are exact, too |
 * | timestamp-millis, timestamp-micros | the number; read from ISO 8601 text with an offset, too |
 * | union | the value alone; `{ "shop.Card": … }` only where a bare value does not tell the type |
 */

/** Turns parsed JSON into a value, as far as it can: what does not fit stays as it is. */
type Reader = (json: unknown) => unknown;

/**
 * Gives the reader of an Avro type: from parsed JSON to a value of the type. Members that the type
 * does not have are passed over. A field that is not there has its default, or null where its type
 * has null.
 *
 * The reader throws {SerdeError} SERDE_DECODE naming the field that does not fit.
 * @throws {ConfigError} SCHEMA_UNKNOWN_TYPE if there is no such type
 */
export function jsonReader(
  schemas: SchemaCatalog & AvroSchemas,
  type: string,
): (json: unknown) => unknown {
  const codec = schemas.codec(type);
  const read = new Readers(schemas).of(schemas.type(type) as AvroType);
  return (json) => {
    const value = read(json);
    const reason = reasonOf(codec, value);
    if (reason !== undefined) throw decodeError(type, reason);
    return value;
  };
}

/**
 * Paths of members of parsed JSON that its {@link jsonReader} passed over, since the type does not
 * have them. `value` is what it made of the JSON.
 */
export function passedOver(json: unknown, value: unknown): readonly string[] {
  if (Array.isArray(json) && Array.isArray(value)) {
    return json.flatMap((item, i) => below(String(i), passedOver(item, value[i])));
  }
  if (!isObject(json) || !isObject(value)) return [];
  return Object.keys(json).flatMap((name) =>
    Object.hasOwn(value, name) ? below(name, passedOver(json[name], value[name])) : [name],
  );
}

function below(name: string, paths: readonly string[]): readonly string[] {
  return paths.map((path) => `${name}.${path}`);
}

/**
 * A value of an Avro type as JSON text.
 * @throws {SerdeError} SERDE_ENCODE naming the field with a number that JSON lacks
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(plain(value, []));
}

function plain(value: unknown, path: readonly string[]): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const where = path.length === 0 ? 'it' : path.join('.');
    throw encodeError('JSON', `${where} is ${value}, which JSON has no number for`);
  }
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isDecimal(value)) return String(new Decimal(value.unscaled, value.scale));
  if (Array.isArray(value)) return value.map((item, i) => plain(item, [...path, String(i)]));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, plain(inner, [...path, name])]),
  );
}

/** Readers by type; made when they are first needed, since a type may hold itself. */
class Readers {
  readonly #schemas: AvroSchemas;
  readonly #made = new Map<AvroType, Reader>();

  constructor(schemas: AvroSchemas) {
    this.#schemas = schemas;
  }

  of(type: AvroType): Reader {
    const known = this.#made.get(type);
    if (known !== undefined) return known;
    let reader: Reader | undefined;
    const later: Reader = (json) => (reader ??= this.#make(type))(json);
    this.#made.set(type, later);
    return later;
  }

  #make(type: AvroType): Reader {
    switch (type.kind) {
      case 'record':
        return this.#record(type.fields, this.#schemas.codec(type));
      case 'array': {
        const item = this.of(type.items);
        return (json) => (Array.isArray(json) ? json.map((it) => item(it)) : json);
      }
      case 'map': {
        const item = this.of(type.values);
        return (json) => {
          if (!isObject(json)) return json;
          return Object.fromEntries(Object.entries(json).map(([key, it]) => [key, item(it)]));
        };
      }
      case 'union':
        return this.#union(type.branches, this.#schemas.codec(type));
      case 'bytes':
      case 'fixed':
        if (type.logical === 'decimal') return (json) => decimalOf(json) ?? json;
        return (json) => (typeof json === 'string' ? (base64Bytes(json) ?? json) : json);
      case 'long':
        if (isBigLong(type.logical)) return (json) => bigintOf(json) ?? json;
        return timeReader(type.logical);
      default:
        return (json) => json;
    }
  }

  #record(fields: readonly AvroField[], codec: Type): Reader {
    const defaults = (codec as unknown as { fields: readonly { defaultValue(): unknown }[] })
      .fields;
    const parts = fields.map(({ name, type, hasDefault }, i) => ({
      name,
      read: this.of(type),
      absent: (): unknown => {
        if (hasDefault) return defaults[i]?.defaultValue();
        return takesNull(type) ? null : undefined;
      },
    }));
    return (json) => {
      // avsc takes a list for a record whose fields all have defaults: it gets the text of it.
      if (Array.isArray(json)) return JSON.stringify(json);
      if (!isObject(json)) return json;
      const value: Record<string, unknown> = {};
      for (const { name, read, absent } of parts) {
        value[name] = Object.hasOwn(json, name) ? read(json[name]) : absent();
      }
      return value;
    };
  }

  #union(branches: readonly AvroType[], codec: Type): Reader {
    const types = (codec as unknown as { types: readonly (Type & { branchName: string })[] }).types;
    const readers = branches.map((branch) => this.of(branch));
    if (codec.typeName === 'union:wrapped') {
      return (json) => {
        const [name, ...more] = isObject(json) ? Object.keys(json) : [];
        const index = types.findIndex(({ branchName }) => branchName === name);
        if (name === undefined || more.length > 0 || index < 0) return json;
        return { [name]: readers[index]?.((json as Record<string, unknown>)[name]) };
      };
    }
    const [only, ...others] = readers.filter((_, i) => branches[i]?.kind !== 'null');
    if (only !== undefined && others.length === 0) {
      return (json) => (json === null ? json : only(json));
    }
    return (json) => {
      for (const [i, read] of readers.entries()) {
        const value = read(json);
        if (types[i]?.isValid(value) === true) return value;
      }
      return json;
    };
  }
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function takesNull(type: AvroType): boolean {
  return type.kind === 'null' || (type.kind === 'union' && type.branches.some(takesNull));
}

/** The bytes of base64 text, with or without its padding; undefined: it is none. */
function base64Bytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  const bare = (it: string): string => it.replace(/=+$/, '');
  return bare(bytes.toString('base64')) === bare(text) ? bytes : undefined;
}

/** A decimal as text, or as a number of so few digits that none was lost. */
function decimalOf(json: unknown): Decimal | undefined {
  const text = typeof json === 'number' ? String(json) : json;
  if (typeof text !== 'string' || !/^-?\d+(?:\.\d+)?$/.test(text)) return undefined;
  const digits = text.replace(/^-?0*\.?0*|\./g, '').length;
  return typeof json === 'number' && digits > exactDigits ? undefined : Decimal.parse(text);
}

/** Decimal digits that a double always keeps. */
const exactDigits = 15;

function bigintOf(json: unknown): bigint | undefined {
  const whole = Number.isSafeInteger(json) || (typeof json === 'string' && /^-?\d+$/.test(json));
  return whole ? BigInt(json as number | string) : undefined;
}

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[-+]\d\d:?\d\d)$/;

/** Of a timestamp also from ISO text; anything else is left to the check of the whole. */
function timeReader(logical: string | undefined): Reader {
  if (logical !== 'timestamp-millis' && logical !== 'timestamp-micros') return (json) => json;
  return (json) => {
    if (typeof json !== 'string') return json;
    const [, fraction = ''] = isoTime.exec(json) ?? [undefined, undefined];
    const ms = isoTime.test(json) ? Date.parse(json) : Number.NaN;
    if (Number.isNaN(ms)) return json;
    if (logical === 'timestamp-millis') return ms;
    return ms * 1000 + Number(fraction.padEnd(6, '0').slice(3, 6));
  };
}
