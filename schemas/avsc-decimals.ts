import { Decimal } from '../topology/core/decimal.ts';
import type {
  BuildOptions,
  CopyOptions,
  Hook,
  Inner,
  ResolveOptions,
  ResolverParts,
  Tap,
} from './avsc-base.ts';
import { base, namesMatch } from './avsc-base.ts';
import { bytesOfUnscaled, decimalOfBytes, unscaledFor } from './decimal-bytes.ts';
import type { DecimalAttributes } from './logical-types.ts';

/** A type whose values are {@link Decimal}s. */
export interface DecimalType extends Inner {
  readonly decimal: DecimalAttributes;
}

/** True for a type whose values are {@link Decimal}s. */
export function isDecimalType(type: Inner): type is DecimalType {
  return type instanceof DecimalBytes || type instanceof DecimalFixed;
}

function unscaledOf(value: unknown, type: DecimalAttributes): bigint {
  const unscaled = unscaledFor(value, type);
  if (unscaled === undefined) throw new Error('not a decimal that fits');
  return unscaled;
}

function checked(value: unknown, type: DecimalType, hook: Hook): boolean {
  const fits = unscaledFor(value, type.decimal) !== undefined;
  if (!fits) hook?.(value, type);
  return fits;
}

/** A default (text, a character for each byte), or a value to copy, as a decimal. */
function copied(value: unknown, { scale }: DecimalAttributes): Decimal {
  if (value instanceof Decimal) return value;
  if (typeof value !== 'string') throw new Error('the default of a decimal is a text of bytes');
  return decimalOfBytes(Buffer.from(value, 'latin1'), scale);
}

/**
 * The scale of what `writer` wrote. A value keeps the scale that it was written with, so that it
 * stays exact; where the writer says none it has the reader's.
 */
function writtenScale(reader: DecimalType, writer: Inner): number {
  return isDecimalType(writer) ? writer.decimal.scale : reader.decimal.scale;
}

/** `decimal` on bytes. */
abstract class DecimalBytes extends base.BytesType {
  /** avsc freezes its types: what is added must be on the prototype. */
  abstract get decimal(): DecimalAttributes;

  override _check(value: unknown, _flags?: unknown, hook?: Hook): boolean {
    return checked(value, this, hook);
  }

  override _read(tap: Tap): unknown {
    // Undefined past the end of the buffer, which the serde finds out afterwards.
    const bytes = tap.readBytes() as Buffer | undefined;
    return bytes && decimalOfBytes(bytes, this.decimal.scale);
  }

  override _write(tap: Tap, value: unknown): void {
    tap.writeBytes(bytesOfUnscaled(unscaledOf(value, this.decimal)));
  }

  override _copy(value: unknown): Decimal {
    return copied(value, this.decimal);
  }

  override _update(resolver: ResolverParts, writer: Inner): void {
    if (writer.typeName !== 'bytes' && writer.typeName !== 'string') return;
    const scale = writtenScale(this, writer);
    resolver._read = (tap) => {
      const bytes = tap.readBytes() as Buffer | undefined;
      return bytes && decimalOfBytes(bytes, scale);
    };
  }
}

/** `decimal` on a fixed type. */
abstract class DecimalFixed extends base.FixedType {
  abstract get decimal(): DecimalAttributes;

  override _check(value: unknown, _flags?: unknown, hook?: Hook): boolean {
    return checked(value, this, hook);
  }

  override _read(tap: Tap): unknown {
    const bytes = tap.readFixed(this.size) as Buffer | undefined;
    return bytes && decimalOfBytes(bytes, this.decimal.scale);
  }

  override _write(tap: Tap, value: unknown): void {
    tap.writeFixed(bytesOfUnscaled(unscaledOf(value, this.decimal), this.size), this.size);
  }

  override _copy(value: unknown, _options?: CopyOptions): Decimal {
    return copied(value, this.decimal);
  }

  override _update(resolver: ResolverParts, writer: Inner, _options: ResolveOptions): void {
    const { size } = this;
    if (writer.typeName !== 'fixed' || (writer as typeof this).size !== size) return;
    if (!namesMatch(this, writer)) return;
    const scale = writtenScale(this, writer);
    resolver._read = (tap) => {
      const bytes = tap.readFixed(size) as Buffer | undefined;
      return bytes && decimalOfBytes(bytes, scale);
    };
  }
}

/** The type of decimals on bytes. */
export function decimalBytes(decimal: DecimalAttributes): Inner {
  class Made extends DecimalBytes {
    get decimal(): DecimalAttributes {
      return decimal;
    }
  }
  return new Made();
}

/** The type of decimals on a fixed type. */
export function decimalFixed(
  schema: unknown,
  options: BuildOptions,
  decimal: DecimalAttributes,
): Inner {
  class Made extends DecimalFixed {
    get decimal(): DecimalAttributes {
      return decimal;
    }
  }
  return new Made(schema, options);
}

/** A fixed type of plain bytes; names match without their namespaces. */
export class SafeFixed extends base.FixedType {
  override _update(resolver: ResolverParts, writer: Inner, options: ResolveOptions): void {
    if (!namesMatch(this, writer)) return;
    super._update(resolver, writer, { ...options, ignoreNamespaces: true });
  }
}
