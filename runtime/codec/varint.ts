/**
 * Kafka's zigzag varints over JavaScript numbers. Magnitudes up to 2^53 are exact; that covers
 * every length, offset delta and time stamp delta.
 */

/** Bytes that {@link writeVarint} needs for `value`, a 32-bit integer. */
export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  return zigzag < 0x10000000 ? 4 : 5;
}

/** Writes a 32-bit integer as a zigzag varint and returns the position after it. */
export function writeVarint(buffer: Buffer, position: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  while (zigzag > 0x7f) {
    buffer[position++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  buffer[position++] = zigzag;
  return position;
}

/** Bytes that {@link writeVarlong} needs for `value`. */
export function varlongSize(value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return varintSize(value);
  let size = 5;
  let rest = Math.floor((value < 0 ? -value - 1 : value) / 0x400000000);
  while (rest > 0) {
    size++;
    rest = Math.floor(rest / 0x80);
  }
  return size;
}

/**
 * Writes a whole number of magnitude ≤ 2^53 as a zigzag varlong and returns the position after it.
 */
export function writeVarlong(buffer: Buffer, position: number, value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return writeVarint(buffer, position, value);
  // The zigzag number itself may need 54 bits, so the sign bit never joins the magnitude.
  const magnitude = value < 0 ? -value - 1 : value;
  let low = (magnitude % 64) * 2 + (value < 0 ? 1 : 0);
  let rest = Math.floor(magnitude / 64);
  while (rest > 0) {
    buffer[position++] = low | 0x80;
    low = rest % 0x80;
    rest = Math.floor(rest / 0x80);
  }
  buffer[position++] = low;
  return position;
}

/** A signed 64-bit big-endian integer of `buffer` as a number; exact up to 2^53. */
export function readInt64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * 0x100000000 + buffer.readUInt32BE(position + 4);
}

/** Writes a whole number of magnitude ≤ 2^53 as a signed 64-bit big-endian integer. */
export function writeInt64(buffer: Buffer, position: number, value: number): void {
  const high = Math.floor(value / 0x100000000);
  buffer.writeInt32BE(high, position);
  buffer.writeUInt32BE(value - high * 0x100000000, position + 4);
}
