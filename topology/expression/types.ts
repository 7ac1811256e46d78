import type { AvroEnum, AvroRecord, AvroType } from '../core/avro.ts';

/**
 * Types of expressions: CEL's, with what Avro adds (width of numbers, unit of time stamps, enums,
 * optional values). `avro` is kept where the type comes from a schema, so that a value that is only
 * passed on keeps its exact type.
 */
export type CelType =
  /** Already reported; fits everywhere. */
  | { readonly kind: 'error' }
  /** Element type of an empty list or map literal; fits everywhere. */
  | { readonly kind: 'never' }
  | { readonly kind: 'null' | 'bool' | 'duration' | 'headers' | 'metadata' }
  | { readonly kind: 'string' | 'bytes'; readonly avro?: AvroType }
  /** `literal` is the value of a constant: it narrows and widens freely where it fits. */
  | {
      readonly kind: 'int';
      readonly width: 'int' | 'long';
      readonly literal?: number;
      readonly avro?: AvroType;
    }
  | { readonly kind: 'double'; readonly width: 'float' | 'double'; readonly literal?: number }
  /** At run time a number in this unit. */
  | { readonly kind: 'timestamp'; readonly unit: 'ms' | 'us' }
  | { readonly kind: 'list'; readonly items: CelType }
  /** Keys are strings. */
  | { readonly kind: 'map'; readonly values: CelType }
  | { readonly kind: 'record'; readonly record: AvroRecord }
  | { readonly kind: 'enum'; readonly type: AvroEnum }
  /** A union with null of one other type. */
  | { readonly kind: 'optional'; readonly of: CelType }
  /** Can only be passed on as it is: unions of several types, decimals, bigints, fixed. */
  | { readonly kind: 'opaque'; readonly avro: AvroType };

export const errorType: CelType = { kind: 'error' };
export const boolType: CelType = { kind: 'bool' };
export const stringType: CelType = { kind: 'string' };
export const nullType: CelType = { kind: 'null' };
export const intType: CelType = { kind: 'int', width: 'int' };
export const longType: CelType = { kind: 'int', width: 'long' };
export const doubleType: CelType = { kind: 'double', width: 'double' };
export const timestampType: CelType = { kind: 'timestamp', unit: 'ms' };
export const durationType: CelType = { kind: 'duration' };

/** Logical types of longs whose values are bigints, which take all 64 bits. */
const bigLongs: ReadonlySet<string> = new Set([
  'bigint',
  'timestamp-nanos',
  'local-timestamp-nanos',
]);

/** The expression type of values of an Avro type. */
export function fromAvro(avro: AvroType): CelType {
  switch (avro.kind) {
    case 'null':
      return nullType;
    case 'boolean':
      return boolType;
    case 'int':
      return { kind: 'int', width: 'int', avro };
    case 'long':
      if (avro.logical === 'timestamp-millis') return timestampType;
      if (avro.logical === 'timestamp-micros') return { kind: 'timestamp', unit: 'us' };
      if (avro.logical !== undefined && bigLongs.has(avro.logical)) return { kind: 'opaque', avro };
      return { kind: 'int', width: 'long', avro };
    case 'float':
    case 'double':
      return { kind: 'double', width: avro.kind };
    case 'string':
      return { kind: 'string', avro };
    case 'bytes':
      return avro.logical === 'decimal' ? { kind: 'opaque', avro } : { kind: 'bytes', avro };
    case 'fixed':
      return { kind: 'opaque', avro };
    case 'record':
      return { kind: 'record', record: avro };
    case 'enum':
      return { kind: 'enum', type: avro };
    case 'array':
      return { kind: 'list', items: fromAvro(avro.items) };
    case 'map':
      return { kind: 'map', values: fromAvro(avro.values) };
  }
  const others = avro.branches.filter((branch) => branch.kind !== 'null');
  if (others.length === 0) return nullType;
  if (others.length > 1) return { kind: 'opaque', avro };
  const of = fromAvro(others[0] as AvroType);
  return others.length === avro.branches.length ? of : { kind: 'optional', of };
}

/** The Avro type that holds values of an expression type; undefined where Avro has none. */
export function toAvro(type: CelType): AvroType | undefined {
  switch (type.kind) {
    case 'null':
      return { kind: 'null' };
    case 'bool':
      return { kind: 'boolean' };
    case 'int':
      return type.avro ?? { kind: type.width };
    case 'double':
      return { kind: type.width };
    case 'string':
    case 'bytes':
      return type.avro ?? { kind: type.kind };
    case 'timestamp':
      return {
        kind: 'long',
        logical: type.unit === 'ms' ? 'timestamp-millis' : 'timestamp-micros',
      };
    case 'list': {
      const items = toAvro(type.items);
      return items && { kind: 'array', items };
    }
    case 'map': {
      const values = toAvro(type.values);
      return values && { kind: 'map', values };
    }
    case 'record':
      return type.record;
    case 'enum':
      return type.type;
    case 'opaque':
      return type.avro;
    case 'optional': {
      const of = toAvro(type.of);
      return of && { kind: 'union', branches: [{ kind: 'null' }, of] };
    }
    default:
      return undefined;
  }
}

/** How a type is called in messages: Avro's names where there are any. */
export function showType(type: CelType): string {
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'int':
      return type.avro ? showAvro(type.avro) : type.width;
    case 'double':
      return type.width;
    case 'timestamp':
      return type.unit === 'ms' ? 'timestamp' : 'timestamp (micros)';
    case 'list':
      return `list of ${showType(type.items)}`;
    case 'map':
      return `map of ${showType(type.values)}`;
    case 'record':
      return type.record.name;
    case 'enum':
      return type.type.name;
    case 'optional':
      return `optional ${showType(type.of)}`;
    case 'opaque':
      return showAvro(type.avro);
    case 'metadata':
      return 'record metadata';
    case 'error':
    case 'never':
      return 'anything';
    default:
      return type.kind;
  }
}

/**
 * How an Avro type is called in messages: `shop.Line`, `array of long`, `union of null, int and
 * string`.
 */
export function showAvro(avro: AvroType): string {
  switch (avro.kind) {
    case 'record':
    case 'enum':
    case 'fixed':
      return avro.name;
    case 'array':
      return `array of ${showAvro(avro.items)}`;
    case 'map':
      return `map of ${showAvro(avro.values)}`;
    case 'union': {
      const names = avro.branches.map(showAvro);
      return `union of ${names.slice(0, -1).join(', ')} and ${names.at(-1) as string}`;
    }
    default:
      return avro.logical === undefined ? avro.kind : `${avro.kind} (${avro.logical})`;
  }
}

/**
 * True where nothing more is to be said about a value of this type: an error was reported, or it is
 * empty.
 */
export function isOpen(type: CelType): boolean {
  return type.kind === 'error' || type.kind === 'never';
}

/** The type without the value of a constant: what is known of a value that is not one. */
export function withoutLiteral(type: CelType): CelType {
  if (type.kind === 'int' && type.literal !== undefined) return { kind: 'int', width: type.width };
  if (type.kind === 'double' && type.literal !== undefined) {
    return { kind: 'double', width: type.width };
  }
  return type;
}

/** The type without null. */
export function nonNull(type: CelType): CelType {
  return type.kind === 'optional' ? type.of : type;
}

/**
 * The type of a value that is one or the other; undefined where there is no such type. Lists and
 * maps must agree exactly.
 */
export function unify(a: CelType, b: CelType): CelType | undefined {
  if (isOpen(a)) return withoutLiteral(b);
  if (isOpen(b)) return withoutLiteral(a);
  if (a.kind === 'null' || b.kind === 'null') {
    const other = a.kind === 'null' ? b : a;
    return other.kind === 'null' || other.kind === 'optional'
      ? other
      : optional(withoutLiteral(other));
  }
  if (a.kind === 'optional' || b.kind === 'optional') {
    const of = unify(nonNull(a), nonNull(b));
    return of && optional(of);
  }
  if (a.kind === 'int' && b.kind === 'int') {
    return a.width === 'long' || b.width === 'long' ? longType : intType;
  }
  if (a.kind === 'double' && b.kind === 'double') {
    return a.width === 'float' && b.width === 'float' ? withoutLiteral(a) : doubleType;
  }
  if (a.kind === 'double' && b.kind === 'int' && b.literal !== undefined) {
    return withoutLiteral(a);
  }
  if (b.kind === 'double' && a.kind === 'int' && a.literal !== undefined) {
    return withoutLiteral(b);
  }
  if (a.kind === 'list' && b.kind === 'list') {
    const items = unify(a.items, b.items);
    return items && { kind: 'list', items };
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const values = unify(a.values, b.values);
    return values && { kind: 'map', values };
  }
  if (a.kind === 'opaque' && b.kind === 'opaque') return sameAvro(a.avro, b.avro) ? a : undefined;
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return a.unit === b.unit ? a : undefined;
  if (a.kind === 'record' && b.kind === 'record')
    return sameName(a.record, b.record) ? a : undefined;
  if (a.kind === 'enum' && b.kind === 'enum') return sameName(a.type, b.type) ? a : undefined;
  return a.kind === b.kind ? a : undefined;
}

function optional(of: CelType): CelType {
  return { kind: 'optional', of };
}

function sameName(a: { readonly name: string }, b: { readonly name: string }): boolean {
  return a.name === b.name;
}

/**
 * True where both types have the same values in the same encoding: named types by name, the rest by
 * structure.
 */
export function sameAvro(a: AvroType, b: AvroType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'array') return sameAvro(a.items, (b as typeof a).items);
  if (a.kind === 'map') return sameAvro(a.values, (b as typeof a).values);
  if (a.kind === 'union') {
    const others = (b as typeof a).branches;
    return (
      a.branches.length === others.length &&
      a.branches.every((branch, i) => sameAvro(branch, others[i] as AvroType))
    );
  }
  if ('name' in a) return a.name === (b as typeof a).name;
  const other = b as typeof a;
  return a.logical === other.logical && a.precision === other.precision && a.scale === other.scale;
}
