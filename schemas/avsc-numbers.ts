import type { RawNumber } from '../topology/core/exact-json.ts';
import { bigOf, isRawNumber } from '../topology/core/exact-json.ts';
import type { CopyOptions, Hook, Inner, ResolverParts, Tap } from './avsc-base.ts';
import { base } from './avsc-base.ts';
import {
  beyondExact,
  readBigLong,
  readExactLong,
  writeBigLong,
  writeExactLong,
} from './exact-long.ts';
import { widening } from './logical-types.ts';

/** An int; on the wire it fits 32 bits. */
export class SafeInt extends base.IntType {
  /** avsc freezes its types: what is added must be on the prototype. */
  get logical(): string | undefined {
    return undefined;
  }

  override _read(tap: Tap): number {
    const value = tap.readInt();
    if (value !== (value | 0)) throw new Error(`an int of ${value}, which takes more than 32 bits`);
    return value;
  }

  override _update(resolver: ResolverParts, writer: Inner): void {
    if (!(writer instanceof SafeInt)) return;
    if (factorBetween(this, writer) === 1) resolver._read = (tap) => writer._read(tap);
  }
}

/** Below this avsc's own arithmetic is exact, and faster. */
const two52 = 2 ** 52;

/** A long as a number: exact up to 2^53 (avsc's are off by one below −2^52), refused beyond. */
export class SafeLong extends base.LongType {
  /** avsc freezes its types: what is added must be on the prototype. */
  get logical(): string | undefined {
    return undefined;
  }

  override _check(value: unknown, _flags?: unknown, hook?: Hook): boolean {
    const fits = Number.isSafeInteger(value) || isLongDefault(value);
    if (!fits) hook?.(value, this);
    return fits;
  }

  override _read(tap: Tap): number {
    const start = tap.pos;
    const value = tap.readLong();
    if (value < two52 && value > -two52) return value;
    tap.pos = start;
    return readExactLong(tap);
  }

  override _write(tap: Tap, value: unknown): void {
    if (!Number.isSafeInteger(value)) {
      if (!isLongDefault(value)) throw new Error('not a long');
      writeBigLong(tap, bigOf(value));
      return;
    }
    const long = value as number;
    if (long < two52 && long > -two52) tap.writeLong(long);
    else writeExactLong(tap, long);
  }

  override _update(resolver: ResolverParts, writer: Inner): void {
    const factor = factorBetween(this, writer);
    if (factor === undefined) return;
    const from = writer instanceof SafeInt ? writer : this;
    resolver._read =
      factor === 1 ? (tap) => from._read(tap) : (tap) => multiplied(from._read(tap), factor);
  }
}

function multiplied(value: number, factor: number): number {
  const product = value * factor;
  if (Number.isSafeInteger(product)) return product;
  throw new Error(beyondExact);
}

const minLong = -(2n ** 63n);
const maxLong = 2n ** 63n - 1n;

/**
 * Whether a value is a default that is a long, but no exact number: it is written as it is, and
 * where a reader would fill it in, that is an error as reading such a long is.
 */
export function isLongDefault(value: unknown): value is RawNumber {
  if (!isRawNumber(value)) return false;
  const long = bigOf(value);
  return long >= minLong && long <= maxLong;
}

/** A long as a bigint: all 64 bits. */
export class BigLong extends base.LongType {
  /** avsc freezes its types: what is added must be on the prototype. */
  get logical(): string | undefined {
    return undefined;
  }

  override _check(value: unknown, _flags?: unknown, hook?: Hook): boolean {
    const fits = typeof value === 'bigint' && value >= minLong && value <= maxLong;
    if (!fits) hook?.(value, this);
    return fits;
  }

  override _read(tap: Tap): bigint {
    return readBigLong(tap);
  }

  override _write(tap: Tap, value: unknown): void {
    if (!this._check(value)) throw new Error('not a long');
    writeBigLong(tap, value as bigint);
  }

  /** Defaults are numbers in a schema's JSON. */
  override _copy(value: unknown): unknown {
    if (Number.isSafeInteger(value)) return BigInt(value as number);
    const long = isRawNumber(value) ? bigOf(value) : value;
    if (this._check(long)) return long;
    throw new Error(`${String(long)} is no long`);
  }

  override _update(resolver: ResolverParts, writer: Inner): void {
    const factor = factorBetween(this, writer);
    if (factor === undefined) return;
    const unit = BigInt(factor);
    resolver._read = unit === 1n ? readBigLong : (tap) => readBigLong(tap) * unit;
  }
}

/**
 * What a value that `writer` wrote is multiplied by so that it means the same to `reader`; undefined
 * where the reader cannot have it.
 */
function factorBetween(reader: Integer, writer: Inner): number | undefined {
  if (!isInteger(writer)) return undefined;
  return widening(writer.logical, reader.logical);
}

type Integer = SafeInt | SafeLong | BigLong;

function isInteger(type: Inner): type is Integer {
  return type instanceof SafeInt || type instanceof SafeLong || type instanceof BigLong;
}

/** The type of an int or a long with a logical type; `big`: its values are bigints. */
export function integerType(kind: 'int' | 'long', logical: string, big: boolean): Inner {
  const type = kind === 'int' ? SafeInt : big ? BigLong : SafeLong;
  const made = class extends (type as typeof SafeInt) {
    override get logical(): string {
      return logical;
    }
  };
  return new made();
}

/** A float; a number that would become infinite is refused. */
export class SafeFloat extends base.FloatType {
  override _check(value: unknown, _flags?: unknown, hook?: Hook): boolean {
    const fits = typeof value === 'number' && isInfinite(Math.fround(value)) === isInfinite(value);
    if (!fits) hook?.(value, this);
    return fits;
  }

  override _copy(value: unknown, options?: CopyOptions): unknown {
    return super._copy(nearest(value), options);
  }

  override _write(tap: Tap, value: unknown): void {
    if (!this._check(value)) throw new Error('not a float');
    tap.writeFloat(value as number);
  }

  override _update(resolver: ResolverParts, writer: Inner): void {
    if (writer.typeName === 'float') resolver._read = (tap) => tap.readFloat();
    else if (isInteger(writer)) resolver._read = (tap) => Math.fround(readLongAsNumber(tap));
  }
}

/** A double; a long becomes the nearest one. */
export class SafeDouble extends base.DoubleType {
  override _copy(value: unknown, options?: CopyOptions): unknown {
    return super._copy(nearest(value), options);
  }

  override _update(resolver: ResolverParts, writer: Inner): void {
    if (isInteger(writer)) resolver._read = readLongAsNumber;
    else super._update(resolver, writer, { registry: {} });
  }
}

/** A default as the number that it is nearest to. */
function nearest(value: unknown): unknown {
  return isRawNumber(value) ? Number(value.rawJSON) : value;
}

/** Reads a long as the nearest number. */
function readLongAsNumber(tap: Tap): number {
  const start = tap.pos;
  const value = tap.readLong();
  if (value < two52 && value > -two52) return value;
  tap.pos = start;
  return Number(readBigLong(tap));
}

function isInfinite(value: number): boolean {
  return value === Infinity || value === -Infinity;
}
