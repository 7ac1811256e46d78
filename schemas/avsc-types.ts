import avsc from 'avsc';
import type { Type } from 'avsc';
import { readExactLong, writeExactLong } from './exact-long.ts';
import type { Cursor } from './exact-long.ts';

/**
 * avsc's types, hardened where they would take bad input for good or hang on it:
 *
 * - values are plain objects (their prototype is `Object.prototype`), not instances of generated
 *   classes;
 * - enum symbols are looked up safely (`constructor` is no symbol), and nothing but text is one;
 * - a record whose fields all have defaults does not take a number or a list for a record;
 * - longs are exact up to 2^53 (avsc's are off by one below −2^52), and beyond they are refused;
 * - an int on the wire fits 32 bits, and a float that would become infinite is refused;
 * - a count of array or map items that cannot be (garbage bytes) ends at once instead of looping
 *   for minutes.
 *
 * These classes use methods that avsc does not document; its version is pinned exactly, and
 * `test/schemas/avro-serde.test.ts` fails if they change.
 */
interface Tap extends Cursor {
  readLong(): number;
  readInt(): number;
  readString(): string;
  skipString(): void;
  skipLong(): void;
  writeLong(value: number): void;
  writeFloat(value: number): void;
}

type Hook = ((value: unknown, type: unknown) => void) | undefined;
type Write = (tap: Tap, value: unknown) => void;
type Options = Record<string, unknown>;

interface Inner {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

interface TypeClass<Instance> {
  new (schema?: unknown, options?: Options): Instance;
}

const base = avsc.types as unknown as {
  ArrayType: TypeClass<{ itemsType: Inner }>;
  MapType: TypeClass<{ valuesType: Inner }>;
  EnumType: TypeClass<{ symbols: readonly string[] }>;
  IntType: TypeClass<object>;
  LongType: TypeClass<object>;
  FloatType: TypeClass<object>;
  RecordType: TypeClass<{
    fields: readonly { defaultValue(): unknown }[];
    _createConstructor(errorStacks: boolean, plain: boolean): { prototype: object };
    _createWriter(): Write;
  }>;
};

/** No bound below this: items may take no bytes at all (an array of nulls). */
const harmlessCount = 65_536;

function itemCount(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.skipLong();
  }
  if (count > harmlessCount && count > tap.buf.length - tap.pos) {
    throw new Error(`a count of ${count} items, but only ${tap.buf.length - tap.pos} bytes follow`);
  }
  return count;
}

function skipItems(tap: Tap, skip: (tap: Tap) => void): void {
  for (let count = itemCount(tap); count > 0; count = itemCount(tap)) {
    for (; count > 0; count--) skip(tap);
  }
}

class SafeArray extends base.ArrayType {
  _read(tap: Tap): unknown[] {
    const items = this.itemsType;
    const list: unknown[] = [];
    for (let count = itemCount(tap); count > 0; count = itemCount(tap)) {
      for (; count > 0; count--) list.push(items._read(tap));
    }
    return list;
  }

  _skip(tap: Tap): void {
    skipItems(tap, (t) => this.itemsType._skip(t));
  }
}

class SafeMap extends base.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType;
    const map: Record<string, unknown> = {};
    for (let count = itemCount(tap); count > 0; count = itemCount(tap)) {
      for (; count > 0; count--) {
        const key = tap.readString();
        const value = values._read(tap);
        if (key === '__proto__') {
          Object.defineProperty(map, key, {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          });
        } else map[key] = value;
      }
    }
    return map;
  }

  _skip(tap: Tap): void {
    skipItems(tap, (t) => {
      t.skipString();
      this.valuesType._skip(t);
    });
  }
}

const symbolIndices = new WeakMap<readonly string[], ReadonlyMap<unknown, number>>();

/** Index of a symbol: by a map, since avsc's own object finds `constructor` in every enum. */
function symbolIndex(symbols: readonly string[], value: unknown): number {
  let indices = symbolIndices.get(symbols);
  if (indices === undefined) {
    indices = new Map(symbols.map((symbol, index) => [symbol, index]));
    symbolIndices.set(symbols, indices);
  }
  return indices.get(value) ?? -1;
}

class SafeEnum extends base.EnumType {
  _check(value: unknown, _flags: unknown, hook: Hook): boolean {
    const known = symbolIndex(this.symbols, value) >= 0;
    if (!known) hook?.(value, this);
    return known;
  }

  _write(tap: Tap, value: unknown): void {
    const index = symbolIndex(this.symbols, value);
    if (index < 0) throw new Error('not a symbol of the enum');
    tap.writeLong(index);
  }
}

class SafeInt extends base.IntType {
  _read(tap: Tap): number {
    const value = tap.readInt();
    if (value !== (value | 0)) throw new Error(`an int of ${value}, which takes more than 32 bits`);
    return value;
  }
}

/** Below this avsc's own arithmetic is exact, and faster. */
const two52 = 2 ** 52;

class SafeLong extends base.LongType {
  _check(value: unknown, _flags: unknown, hook: Hook): boolean {
    const fits = Number.isSafeInteger(value);
    if (!fits) hook?.(value, this);
    return fits;
  }

  _read(tap: Tap): number {
    const start = tap.pos;
    const value = tap.readLong();
    if (value < two52 && value > -two52) return value;
    tap.pos = start;
    return readExactLong(tap);
  }

  _write(tap: Tap, value: unknown): void {
    if (!Number.isSafeInteger(value)) throw new Error('not a long');
    const long = value as number;
    if (long < two52 && long > -two52) tap.writeLong(long);
    else writeExactLong(tap, long);
  }
}

class SafeFloat extends base.FloatType {
  _check(value: unknown, _flags: unknown, hook: Hook): boolean {
    const fits = typeof value === 'number' && isInfinite(Math.fround(value)) === isInfinite(value);
    if (!fits) hook?.(value, this);
    return fits;
  }

  _write(tap: Tap, value: unknown): void {
    if (!this._check(value, undefined, undefined)) throw new Error('not a float');
    tap.writeFloat(value as number);
  }
}

function isInfinite(value: number): boolean {
  return value === Infinity || value === -Infinity;
}

class SafeRecord extends base.RecordType {
  override _createConstructor(): { prototype: object } {
    const made = super._createConstructor(false, true);
    made.prototype = Object.prototype;
    return made;
  }

  override _createWriter(): Write {
    const write = super._createWriter();
    if (this.fields.some((field) => field.defaultValue() === undefined)) return write;
    return (tap, value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new Error('not a record');
      }
      write(tap, value);
    };
  }
}

function hook(schema: unknown, options: Options): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return undefined;
  const registry = options['registry'] as Record<string, unknown>;
  switch ((schema as { type?: unknown }).type) {
    case 'record':
    case 'error':
      return new SafeRecord(schema, options);
    case 'enum':
      return new SafeEnum(schema, options);
    case 'array':
      return new SafeArray(schema, options);
    case 'map':
      return new SafeMap(schema, options);
    case 'int':
      return registry['int'];
    case 'long':
      return registry['long'];
    case 'float':
      return registry['float'];
    default:
      return undefined;
  }
}

/** Named types already built, by full name; `newRegistry` makes one. Building adds to it. */
export type TypeRegistry = Record<string, Type>;

/** A registry that holds the hardened primitives alone. */
export function newRegistry(): TypeRegistry {
  const registry = Object.create(null) as Record<string, unknown>;
  registry['int'] = new SafeInt();
  registry['long'] = new SafeLong();
  registry['float'] = new SafeFloat();
  return registry as TypeRegistry;
}

/**
 * The avsc type of a schema (plain JSON value). Logical types stay what they are underneath (a
 * timestamp is a number). Unions are unwrapped; only those that a bare value cannot tell apart (two
 * records, int and double) are wrapped as `{ "shop.Card": … }`, as in Avro's JSON encoding.
 * @throws {Error} with avsc's own message when the schema is not Avro
 */
export function buildType(schema: unknown, registry: TypeRegistry): Type {
  return avsc.Type.forSchema(schema as never, {
    registry,
    wrapUnions: 'auto',
    logicalTypes: {},
    typeHook: hook as never,
  });
}
