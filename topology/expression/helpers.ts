import { ProcessingError } from '../core/errors.ts';
import type { Header } from '../core/record.ts';
import { timeHelpers } from './time.ts';

/*
 * What compiled expressions call. `at` is the text of the failing part, for the message.
 * Integers are JavaScript numbers within the safe range; `+ 0` turns −0, which integers do not
 * have, into 0.
 */

function overflow(at: string, result: number): never {
  throw new ProcessingError(
    'EXPRESSION_OVERFLOW',
    `${at} is ${result}, beyond the safe range of integers (±${Number.MAX_SAFE_INTEGER})`,
  );
}

function conversion(value: unknown, type: string): never {
  throw new ProcessingError('EXPRESSION_CONVERSION', `${JSON.stringify(value)} is no ${type}`);
}

function outOfRange(at: string, index: number, length: number): never {
  throw new ProcessingError(
    'EXPRESSION_INDEX',
    `${at}: index ${index} is out of bounds, the length is ${length}`,
  );
}

function zero(at: string): never {
  throw new ProcessingError('EXPRESSION_DIVISION', `${at} divides by zero`);
}

function checked(result: number, at: string): number {
  return Number.isSafeInteger(result) ? result + 0 : overflow(at, result);
}

function checkIndex(at: string, index: number, length: number): void {
  if (index < 0 || index > length) outOfRange(at, index, length);
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b || (a == null && b == null)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, i) => equal(item, b[i] as unknown))
    );
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) &&
        equal((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}

function findHeader(headers: readonly Header[], name: string): Uint8Array | undefined {
  for (const [header, value] of headers) {
    if (header === name && value !== null) return value;
  }
  return undefined;
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

const infinities = new Map([
  ['inf', Infinity],
  ['+inf', Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-inf', -Infinity],
  ['-infinity', -Infinity],
  ['nan', NaN],
]);

/** Functions of compiled expressions, by name. Pure. */
export const helpers = {
  ...timeHelpers,
  present: (value: unknown): unknown => {
    if (value === null || value === undefined) throw new TypeError('null');
    return value;
  },

  addInt: (a: number, b: number, at: string): number => checked(a + b, at),
  subtractInt: (a: number, b: number, at: string): number => checked(a - b, at),
  multiplyInt: (a: number, b: number, at: string): number => checked(a * b, at),
  divideInt: (a: number, b: number, at: string): number =>
    // Exact: the remainder is, and what is left divides without one.
    b === 0 ? zero(at) : (a - (a % b)) / b + 0,
  moduloInt: (a: number, b: number, at: string): number => (b === 0 ? zero(at) : (a % b) + 0),
  negateInt: (a: number): number => 0 - a,

  equal,
  contains: (list: readonly unknown[], item: unknown): boolean => list.indexOf(item) !== -1,
  containsEqual: (list: readonly unknown[], item: unknown): boolean =>
    list.some((other) => equal(other, item)),
  hasKey: (map: object, key: string): boolean => Object.hasOwn(map, key),
  concat: (a: readonly unknown[], b: readonly unknown[]): unknown[] => [...a, ...b],
  keys: (map: object): string[] => Object.keys(map),
  item: (list: readonly unknown[], index: number, at: string): unknown =>
    index >= 0 && index < list.length ? list[index] : outOfRange(at, index, list.length),
  entry: (map: Record<string, unknown>, key: string, at: string): unknown => {
    if (Object.hasOwn(map, key)) return map[key];
    throw new ProcessingError('EXPRESSION_KEY', `${at}: there is no key "${key}"`);
  },
  hasHeader: (headers: readonly Header[], name: string): boolean =>
    findHeader(headers, name) !== undefined,
  header: (headers: readonly Header[], name: string, at: string): string => {
    const value = findHeader(headers, name);
    if (value !== undefined) return toText(value);
    throw new ProcessingError('EXPRESSION_KEY', `${at}: the record has no header "${name}"`);
  },

  sizeOfText: (text: string): number => {
    let size = 0;
    for (let i = 0; i < text.length; i++, size++) {
      if ((text.codePointAt(i) as number) > 0xffff) i++;
    }
    return size;
  },
  sizeOfList: (list: readonly unknown[]): number => list.length,
  sizeOfBytes: (bytes: Uint8Array): number => bytes.length,
  sizeOfMap: (map: object): number => Object.keys(map).length,

  startsWith: (text: string, part: string): boolean => text.startsWith(part),
  endsWith: (text: string, part: string): boolean => text.endsWith(part),
  includes: (text: string, part: string): boolean => text.includes(part),
  matches: (text: string, pattern: RegExp): boolean => pattern.test(text),
  lowerAscii: (text: string): string => text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
  upperAscii: (text: string): string => text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
  trim: (text: string): string => text.trim(),
  indexOf: (text: string, part: string): number => text.indexOf(part),
  indexOfFrom: (text: string, part: string, from: number): number => {
    checkIndex('indexOf', from, text.length);
    return text.indexOf(part, from);
  },
  lastIndexOf: (text: string, part: string): number => text.lastIndexOf(part),
  lastIndexOfFrom: (text: string, part: string, from: number): number => {
    checkIndex('lastIndexOf', from, text.length);
    return text.lastIndexOf(part, from);
  },
  substringFrom: (text: string, start: number): string => {
    checkIndex('substring', start, text.length);
    return text.slice(start);
  },
  substring: (text: string, start: number, end: number): string => {
    checkIndex('substring', start, text.length);
    if (end < start) outOfRange('substring', end, text.length);
    checkIndex('substring', end, text.length);
    return text.slice(start, end);
  },
  replace: (text: string, part: string, by: string): string => text.replaceAll(part, () => by),
  split: (text: string, separator: string): string[] => text.split(separator),
  splitLimit: (text: string, separator: string, limit: number): string[] => {
    if (limit === 0) return [];
    const parts = text.split(separator);
    if (limit < 0 || parts.length <= limit) return parts;
    return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
  },
  join: (list: readonly string[]): string => list.join(''),
  joinWith: (list: readonly string[], separator: string): string => list.join(separator),

  same: (value: unknown): unknown => value,
  numberToText: (value: number): string =>
    value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value),
  boolToText: (value: boolean): string => String(value),
  bytesToText: toText,
  doubleToInt: (value: number): number => checked(Math.trunc(value), `int(${value})`),
  textToInt: (text: string): number => {
    const value = /^[+-]?\d{1,20}$/.test(text) ? Number(text) : NaN;
    return Number.isSafeInteger(value) ? value + 0 : conversion(text, 'integer');
  },
  textToDouble: (text: string): number => {
    const special = infinities.get(text.toLowerCase());
    if (special !== undefined) return special;
    const value = text === '' || text !== text.trim() ? NaN : Number(text);
    return Number.isNaN(value) ? conversion(text, 'double') : value;
  },
  textToBool: (text: string): boolean => {
    if (['1', 't', 'true', 'TRUE', 'True'].includes(text)) return true;
    if (['0', 'f', 'false', 'FALSE', 'False'].includes(text)) return false;
    return conversion(text, 'boolean');
  },
} as const;

export type HelperName = keyof typeof helpers;
