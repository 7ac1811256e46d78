/** A buffer that is read or written at a position. */
export interface Cursor {
  readonly buf: Buffer;
  pos: number;
}

/** Why a long is not read as a number. */
export const beyondExact = 'a long beyond the range in which numbers are exact (2^53)';

/**
 * Reads an Avro long (zig-zag, 7 bits a byte) without rounding on the way.
 * @throws {Error} when it is beyond the range in which numbers are exact
 */
export function readExactLong(cursor: Cursor): number {
  const first = cursor.buf[cursor.pos++] ?? 0;
  let magnitude = (first & 0x7f) >>> 1;
  let unit = 64;
  for (let byte = first; (byte & 0x80) !== 0; unit *= 128) {
    byte = cursor.buf[cursor.pos++] ?? 0;
    magnitude += (byte & 0x7f) * unit;
  }
  const value = (first & 1) === 0 ? magnitude : -magnitude - 1;
  if (!Number.isSafeInteger(value)) {
    throw new Error(beyondExact);
  }
  return value;
}

/**
 * Writes an Avro long without rounding on the way; past the end of the buffer only the position
 * moves.
 */
export function writeExactLong(cursor: Cursor, value: number): void {
  const magnitude = value < 0 ? -value - 1 : value;
  let bits = ((magnitude % 64) << 1) | (value < 0 ? 1 : 0);
  let rest = Math.floor(magnitude / 64);
  while (rest > 0) {
    cursor.buf[cursor.pos++] = bits | 0x80;
    bits = rest % 128;
    rest = Math.floor(rest / 128);
  }
  cursor.buf[cursor.pos++] = bits;
}

/**
 * Reads an Avro long whole.
 * @throws {Error} when it takes more than 64 bits
 */
export function readBigLong(cursor: Cursor): bigint {
  const { buf } = cursor;
  const first = buf[cursor.pos++] ?? 0;
  let magnitude = (first & 0x7f) >>> 1;
  let unit = 64;
  let byte = first;
  // Seven bytes hold 48 bits: a number is exact.
  for (let i = 0; i < 6 && (byte & 0x80) !== 0; i++, unit *= 128) {
    byte = buf[cursor.pos++] ?? 0;
    magnitude += (byte & 0x7f) * unit;
  }
  let big = BigInt(magnitude);
  for (let shift = 48n; (byte & 0x80) !== 0; shift += 7n) {
    byte = buf[cursor.pos++] ?? 0;
    big |= BigInt(byte & 0x7f) << shift;
    if (big > maxLong) throw new Error('a long of more than 64 bits');
    if (shift > 62n && (byte & 0x80) !== 0) throw new Error('a long of more than 64 bits');
  }
  return (first & 1) === 0 ? big : -big - 1n;
}

const maxLong = 2n ** 63n - 1n;
const safe = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Writes an Avro long of 64 bits; past the end of the buffer only the position moves.
 */
export function writeBigLong(cursor: Cursor, value: bigint): void {
  if (value <= safe && value >= -safe) {
    writeExactLong(cursor, Number(value));
    return;
  }
  let rest = value < 0n ? -value - 1n : value;
  cursor.buf[cursor.pos++] = (Number(rest & 0x3fn) << 1) | (value < 0n ? 1 : 0) | 0x80;
  for (rest >>= 6n; rest > 0x7fn; rest >>= 7n) {
    cursor.buf[cursor.pos++] = Number(rest & 0x7fn) | 0x80;
  }
  cursor.buf[cursor.pos++] = Number(rest);
}
