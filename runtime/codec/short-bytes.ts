/**
 * Copies of short runs of bytes and short texts, without a call into native code: it costs more
 * than up to about this many steps of a loop (measured on Node 24).
 */
const shortBytes = 48;

/** Copies `source[start, end)` to `position` and returns the position after it. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  position: number,
): number {
  if (end - start > shortBytes) {
    target.set(source.subarray(start, end), position);
    return position + end - start;
  }
  for (let i = start; i < end; i++) target[position++] = source[i] as number;
  return position;
}

/** `source[start, end)` in memory that is not the source's. */
export function copyOut(source: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  if (end - start > shortBytes) source.copy(copy, 0, start, end);
  else for (let i = start, to = 0; i < end; i++, to++) copy[to] = source[i] as number;
  return copy;
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  if (text.length > shortBytes) return Buffer.byteLength(text);
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text);
  }
  return text.length;
}

/**
 * Writes a text of `byteLength` bytes ({@link utf8Length}) in UTF-8 and returns the position after
 * it.
 */
export function writeUtf8(
  target: Buffer,
  position: number,
  text: string,
  byteLength: number,
): number {
  if (text.length > shortBytes || byteLength !== text.length) {
    return position + target.write(text, position);
  }
  // As many bytes as characters: all are ASCII.
  for (let i = 0; i < text.length; i++) target[position++] = text.charCodeAt(i);
  return position;
}
