import avsc from 'avsc';
import type { Type } from 'avsc';
import type { Cursor } from './exact-long.ts';

/**
 * What the hardened types use of avsc that its typings leave out. Its version is pinned exactly,
 * and `test/schemas` fails if these change.
 */
export interface Tap extends Cursor {
  readLong(): number;
  readInt(): number;
  readFloat(): number;
  readString(): string;
  readBytes(): Buffer;
  readFixed(size: number): Buffer;
  skipString(): void;
  skipLong(): void;
  writeLong(value: number): void;
  writeFloat(value: number): void;
  writeBytes(value: Buffer): void;
  writeFixed(value: Buffer, size: number): void;
}

/** Called with a value that does not fit, and the type that it does not fit. */
export type Hook = ((value: unknown, type: unknown) => void) | undefined;

/** How a type writes a value. */
export type Write = (tap: Tap, value: unknown) => void;

/** How a type reads a value. */
export type Read = (tap: Tap) => unknown;

/** Options of avsc while types are built; all types of one schema share them. */
export type BuildOptions = Record<string, unknown>;

/** Options while a resolver is made; `registry` holds resolvers of pairs of records by name. */
export interface ResolveOptions {
  registry: Record<string, unknown>;
  ignoreNamespaces?: boolean;
}

/** How avsc copies: `coerce` 2 is from Avro's JSON, `wrap` 2 a default. */
export interface CopyOptions {
  readonly coerce?: number;
  readonly wrap?: number;
}

/** What reads with one schema what another wrote, while it is being made. */
export interface ResolverParts {
  _read: Read | null;
}

/** A type with the methods that avsc calls on it. */
export interface Inner {
  readonly name: string | undefined;
  readonly aliases: readonly string[] | undefined;
  readonly typeName: string;
  readonly branchName: string | undefined;
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
  _write(tap: Tap, value: unknown): void;
  _check(value: unknown, flags?: unknown, hook?: Hook, path?: string[]): boolean;
  _copy(value: unknown, options?: CopyOptions): unknown;
  _update(resolver: ResolverParts, writer: Inner, options: ResolveOptions): void;
  createResolver(writer: Inner, options?: ResolveOptions): Inner;
}

/** A field of a record. */
export interface InnerField {
  readonly name: string;
  readonly type: Inner;
  readonly aliases: readonly string[];
  defaultValue(): unknown;
}

/** A record as avsc builds it. */
export interface InnerRecord extends Inner {
  readonly fields: readonly InnerField[];
  _createConstructor(errorStacks: boolean, plain: boolean): { prototype: object };
  _createWriter(): Write;
}

interface TypeClass<Instance> {
  new (schema?: unknown, options?: BuildOptions): Instance;
}

/** avsc's classes, with what they do not document. */
export const base = avsc.types as unknown as {
  ArrayType: TypeClass<Inner & { itemsType: Inner }>;
  MapType: TypeClass<Inner & { valuesType: Inner }>;
  EnumType: TypeClass<Inner & { symbols: readonly string[] }>;
  IntType: TypeClass<Inner>;
  LongType: TypeClass<Inner>;
  FloatType: TypeClass<Inner>;
  DoubleType: TypeClass<Inner>;
  BytesType: TypeClass<Inner>;
  FixedType: TypeClass<Inner & { size: number }>;
  RecordType: TypeClass<InnerRecord>;
  WrappedUnionType: TypeClass<Inner & { types: readonly Inner[] }>;
};

/** A type of ours or of avsc, seen from inside. */
export function innerOf(type: Type): Inner {
  return type as unknown as Inner;
}

/**
 * True for an object whose own properties are what it holds. A `Map`, a `Date`, a promise or bytes
 * would be written as if there were nothing in them.
 */
export function holdsProperties(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.prototype.toString.call(value) === '[object Object]';
}

/**
 * True when Avro lets `reader` read what the named type `writer` wrote: the names without namespace
 * are equal, or the writer's full name is an alias of the reader (Avro for Java,
 * `SchemaCompatibility`, 1.12).
 */
export function namesMatch(reader: Inner, writer: Inner): boolean {
  if (writer.name === undefined || reader.name === undefined) return true;
  if (simpleName(reader.name) === simpleName(writer.name)) return true;
  return reader.aliases?.includes(writer.name) ?? false;
}

function simpleName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
