import { Decimal } from '../topology/core/decimal.ts';
import type { DecimalAttributes } from './logical-types.ts';

/** Up to this many bytes a number holds the value exactly. */
const shortBytes = 6;

/** The decimal whose unscaled value is in `bytes`, two's complement, big-endian. */
export function decimalOfBytes(bytes: Uint8Array, scale: number): Decimal {
  const { length } = bytes;
  if (length === 0) return new Decimal(0n, scale);
  if (length <= shortBytes) {
    let value = ((bytes[0] as number) << 24) >> 24;
    for (let i = 1; i < length; i++) value = value * 256 + (bytes[i] as number);
    return new Decimal(BigInt(value), scale);
  }
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('hex');
  return new Decimal(BigInt.asIntN(8 * length, BigInt(`0x${hex}`)), scale);
}

/**
 * The unscaled value as the fewest bytes in two's complement, big-endian; as exactly `size` bytes
 * where that is given.
 */
export function bytesOfUnscaled(unscaled: bigint, size?: number): Buffer {
  const magnitude = unscaled < 0n ? -unscaled - 1n : unscaled;
  // The sign takes a bit of its own.
  const bits = magnitude === 0n ? 1 : magnitude.toString(2).length + 1;
  const length = size ?? Math.ceil(bits / 8);
  const hex = BigInt.asUintN(8 * length, unscaled)
    .toString(16)
    .padStart(2 * length, '0');
  return Buffer.from(hex, 'hex');
}

/**
 * The unscaled value to be written for a field of the type; undefined where the value is no decimal
 * that it holds exactly.
 */
export function unscaledFor(value: unknown, type: DecimalAttributes): bigint | undefined {
  const decimal = asDecimal(value);
  const unscaled = decimal?.rescale(type.scale)?.unscaled;
  if (unscaled === undefined) return undefined;
  const limit = 10n ** BigInt(type.precision);
  return unscaled < limit && unscaled > -limit ? unscaled : undefined;
}

/** True for a decimal, also one of another copy of this package. */
export function isDecimal(value: object): value is { unscaled: bigint; scale: number } {
  if (value instanceof Decimal) return true;
  const { unscaled, scale } = value as { unscaled?: unknown; scale?: unknown };
  return typeof unscaled === 'bigint' && Number.isSafeInteger(scale) && (scale as number) >= 0;
}

function asDecimal(value: unknown): Decimal | undefined {
  if (value instanceof Decimal) return value;
  if (typeof value !== 'object' || value === null || !isDecimal(value)) return undefined;
  return new Decimal(value.unscaled, value.scale);
}
