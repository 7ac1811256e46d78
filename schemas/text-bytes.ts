import { isUtf8 } from 'node:buffer';

/** Buffer's own fast methods, which its typings leave out. */
interface FastBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  utf8Write(text: string, position: number): number;
}

/** Up to this many characters a loop in JavaScript is faster than a call into C++. */
const shortText = 48;

/**
 * The text in `buffer[start, end)`; undefined if the bytes are no UTF-8. ASCII of ordinary length
 * takes one pass and one copy.
 */
export function readUtf8(buffer: Buffer, start: number, end: number): string | undefined {
  if (end - start <= shortText) {
    let at = start;
    while (at < end && (buffer[at] as number) < 0x80) at++;
    if (at === end) return (buffer as FastBuffer).latin1Slice(start, end);
  }
  const text = (buffer as FastBuffer).utf8Slice(start, end);
  // Only text with a replacement character can come from bytes that are no UTF-8.
  if (text.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) return undefined;
  return text;
}

/**
 * Writes text as UTF-8 at `position` and returns the position after it; −1 − (bytes needed) if it
 * does not fit. Undefined: the text has half a surrogate pair, which UTF-8 cannot hold.
 */
export function writeUtf8(text: string, buffer: Buffer, position: number): number | undefined {
  const length = text.length;
  if (length <= shortText && position + length <= buffer.length) {
    let at = 0;
    for (; at < length; at++) {
      const code = text.charCodeAt(at);
      if (code >= 0x80) break;
      buffer[position + at] = code;
    }
    if (at === length) return position + length;
  }
  if (!text.isWellFormed()) return undefined;
  if (length * 3 > buffer.length - position) {
    const bytes = Buffer.byteLength(text);
    if (bytes > buffer.length - position) return -1 - bytes;
  }
  return position + (buffer as FastBuffer).utf8Write(text, position);
}
