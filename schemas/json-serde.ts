import type { Serde } from './serde.ts';
import { decodeError, encodeError, show } from './serde-errors.ts';
import { readUtf8, writeUtf8 } from './text-bytes.ts';

/**
 * JSON text in UTF-8. What JSON has no form for (undefined, functions, bigints, circles) is an
 * error; numbers that JSON lacks (NaN, infinities) become null, as `JSON.stringify` has it.
 */
export const jsonSerde: Serde = {
  write(value, buffer, position) {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      throw encodeError('JSON', (error as Error).message, error);
    }
    if (text === undefined) throw encodeError('JSON', `it is ${show(value)}`);
    // JSON.stringify escapes half surrogate pairs: the text is always well-formed.
    return writeUtf8(text, buffer, position) as number;
  },
  read(buffer, start, end) {
    const text = readUtf8(buffer, start, end);
    if (text === undefined) throw decodeError('JSON', 'the bytes are no UTF-8');
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw decodeError('JSON', (error as Error).message, error);
    }
  },
};
