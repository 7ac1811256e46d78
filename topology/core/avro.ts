/**
 * Avro types as the language sees them: immutable, resolved (a named type is the type object itself, so recursive types are cyclic).
 * `schemas/` builds them from `.avsc` files; the checker and the planner only read them.
 */
export type AvroType =
  | AvroPrimitive
  | AvroRecord
  | AvroEnum
  | AvroFixed
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] };

export interface AvroPrimitive {
  readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';
  /** `timestamp-millis`, `timestamp-micros`, `date`, `decimal`, `uuid`, …; absent if there is none. */
  readonly logical?: string;
  /** Digits of a `decimal`, and how many of them stand after the point. Present exactly where `logical` is `decimal`. */
  readonly precision?: number;
  readonly scale?: number;
}

export interface AvroRecord {
  readonly kind: 'record';
  /** Full name: namespace and name. */
  readonly name: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly doc?: string;
  readonly hasDefault: boolean;
  /** The default as the schema writes it (Avro's JSON encoding). Present exactly where `hasDefault` is true. */
  readonly default?: unknown;
}

export interface AvroEnum {
  readonly kind: 'enum';
  readonly name: string;
  readonly symbols: readonly string[];
  readonly doc?: string;
}

export interface AvroFixed {
  readonly kind: 'fixed';
  readonly name: string;
  readonly size: number;
  readonly logical?: string;
  /** As those of {@link AvroPrimitive}. */
  readonly precision?: number;
  readonly scale?: number;
}

/** A place in a file. Line and column count from 1; columns are UTF-16 units here, display cells only when printed. */
export interface FilePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The Avro types that a topology file may name. */
export interface SchemaCatalog {
  /** The named type, or a primitive (`string`, `long`, …) by its Avro name; undefined if there is none. */
  type(name: string): AvroType | undefined;
  /** Full names of all named types, sorted. */
  names(): readonly string[];
  /** Where the named type (or a field of it) is written; undefined where it is not known. */
  at(name: string, field?: string): FilePosition | undefined;
}
