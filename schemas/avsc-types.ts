import avsc from 'avsc';
import type { Type } from 'avsc';
import type { BuildOptions, Inner } from './avsc-base.ts';
import { enumType, SafeArray, SafeMap } from './avsc-collections.ts';
import { decimalBytes, decimalFixed, SafeFixed } from './avsc-decimals.ts';
import { BigLong, integerType, SafeDouble, SafeFloat, SafeInt, SafeLong } from './avsc-numbers.ts';
import { SafeRecord } from './avsc-records.ts';
import { unionType } from './avsc-unions.ts';
import { decimalAttributes, isBigLong } from './logical-types.ts';

/** How a serde gives longs. */
export interface LongOptions {
  /**
   * `number`: a number; what is beyond 2^53 is an error. `bigint`: every long is a bigint, save
   * times in milliseconds and microseconds. A long whose logical type is `bigint` is one anyway.
   * @defaultValue 'number'
   */
  readonly longs?: 'number' | 'bigint';
}

interface SchemaNode {
  readonly type?: unknown;
  readonly logicalType?: unknown;
  readonly size?: unknown;
  readonly precision?: unknown;
  readonly scale?: unknown;
}

/** avsc asks this for each schema in a schema; undefined: it builds the type itself. */
function hook(schema: unknown, options: BuildOptions): unknown {
  if (Array.isArray(schema)) return unionOf(schema, options);
  if (typeof schema !== 'object' || schema === null) return undefined;
  const node = schema as SchemaNode;
  const registry = options['registry'] as Record<string, unknown>;
  switch (node.type) {
    case 'record':
    case 'error':
      return new SafeRecord(schema, options);
    case 'enum':
      return enumType(schema, options);
    case 'array':
      return new SafeArray(schema, options);
    case 'map':
      return new SafeMap(schema, options);
    case 'fixed': {
      const size = typeof node.size === 'number' ? node.size : 0;
      const decimal = node.logicalType === 'decimal' ? decimalAttributes(node, size) : undefined;
      return decimal === undefined
        ? new SafeFixed(schema, options)
        : decimalFixed(schema, options, decimal);
    }
    case 'bytes': {
      const decimal = node.logicalType === 'decimal' ? decimalAttributes(node) : undefined;
      return decimal === undefined ? undefined : decimalBytes(decimal);
    }
    case 'int':
    case 'long':
      return integerOf(node.type, node.logicalType, registry);
    case 'float':
    case 'double':
      return registry[node.type];
    default:
      return undefined;
  }
}

function integerOf(
  kind: 'int' | 'long',
  logical: unknown,
  registry: Readonly<Record<string, unknown>>,
): unknown {
  if (typeof logical !== 'string') return registry[kind];
  if (kind === 'int') return integerType(kind, logical, false);
  const timed = /^(?:local-)?time(?:stamp)?-(?:millis|micros)$/.test(logical);
  const big = isBigLong(logical) || (registry['long'] instanceof BigLong && !timed);
  return integerType(kind, logical, big);
}

function unionOf(schema: readonly unknown[], options: BuildOptions): Inner {
  const branches = schema.map(
    (branch) => avsc.Type.forSchema(branch as never, options as never) as unknown as Inner,
  );
  return unionType(branches, options);
}

/** Named types already built, by full name; `newRegistry` makes one. Building adds to it. */
export type TypeRegistry = Record<string, Type>;

/** A registry that holds the hardened primitives alone. */
export function newRegistry({ longs = 'number' }: LongOptions = {}): TypeRegistry {
  const registry = Object.create(null) as Record<string, unknown>;
  registry['int'] = new SafeInt();
  registry['long'] = longs === 'bigint' ? new BigLong() : new SafeLong();
  registry['float'] = new SafeFloat();
  registry['double'] = new SafeDouble();
  return registry as TypeRegistry;
}

/**
 * The avsc type of a schema (plain JSON value), hardened where avsc would take bad input for good or
 * hang on it. Values are:
 *
 * - records and maps: plain objects; arrays: lists; enums: text; bytes and fixed: Buffers;
 * - longs: numbers, exact up to 2^53 and refused beyond; bigints where the logical type is `bigint`
 *   or one of nanoseconds;
 * - `decimal`: {@link Decimal}; all other logical types: what they are underneath (a timestamp is
 *   a number, as expressions see it);
 * - unions: the bare value; where that could be of several branches (two records, int and double)
 *   it is wrapped as `{ "shop.Card": … }`, as in Avro's JSON encoding.
 * @throws {Error} with avsc's own message when the schema is not Avro
 */
export function buildType(schema: unknown, registry: TypeRegistry): Type {
  return avsc.Type.forSchema(schema as never, {
    registry,
    wrapUnions: 'always',
    logicalTypes: {},
    typeHook: hook as never,
  });
}
