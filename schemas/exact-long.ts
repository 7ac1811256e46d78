/** A buffer that is read or written at a position. */
export interface Cursor {
  readonly buf: Buffer;
  pos: number;
}

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
    throw new Error('a long beyond the range in which numbers are exact (2^53)');
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
