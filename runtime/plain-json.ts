import { Decimal } from '../topology/core/decimal.ts';

/**
 * Values of stores as JSON, without loss. What JSON has stays as it is; what it lacks is an object with one key, which no field of a record can be called:
 *
 * | value | JSON |
 * |---|---|
 * | bytes, fixed | `{"$base64": "AQI="}` |
 * | decimal | `{"$decimal": "12.50"}` |
 * | a long that is a bigint | `{"$long": "9223372036854775807"}` |
 * | a number that JSON lacks | `{"$number": "NaN"}`, `"Infinity"`, `"-Infinity"`, `"-0"` |
 * | a map whose one key is one of these | `{"$object": {"$base64": "AQI="}}` |
 */
const tags: ReadonlySet<string> = new Set(['$base64', '$decimal', '$long', '$number', '$object']);

/** Numbers that JSON lacks, by how they are written. */
const numbers: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

/** A value as what `JSON.stringify` writes without loss. */
export function toPlain(value: unknown): unknown {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    return { $number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (typeof value === 'bigint') return { $long: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Decimal) return { $decimal: String(value) };
  if (value instanceof Uint8Array) return { $base64: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(toPlain);
  const plain = mapped(value, toPlain);
  return tagOf(plain) === undefined ? plain : { $object: plain };
}

/**
 * The value of {@link toPlain}.
 * @throws {SyntaxError} when a tag has not what belongs to it
 */
export function fromPlain(plain: unknown): unknown {
  if (typeof plain !== 'object' || plain === null) return plain;
  if (Array.isArray(plain)) return plain.map(fromPlain);
  const tag = tagOf(plain);
  if (tag === undefined) return mapped(plain, fromPlain);
  const inner: unknown = (plain as Record<string, unknown>)[tag];
  if (tag === '$base64' && typeof inner === 'string') return bytesOf(inner);
  if (tag === '$decimal' && typeof inner === 'string' && /^-?\d+(?:\.\d+)?$/.test(inner)) {
    return Decimal.parse(inner);
  }
  if (tag === '$long' && typeof inner === 'string' && /^-?\d+$/.test(inner)) return BigInt(inner);
  const number = tag === '$number' ? numbers.get(inner) : undefined;
  if (number !== undefined) return number;
  if (tag === '$object' && typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
    return mapped(inner, fromPlain);
  }
  throw new SyntaxError(`${JSON.stringify(plain)} is no value: "${tag}" does not go with that`);
}

function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') === text) return bytes;
  throw new SyntaxError(`"${text}" is no base64`);
}

function tagOf(value: object): string | undefined {
  const [key, ...rest] = Object.keys(value);
  return key !== undefined && rest.length === 0 && tags.has(key) ? key : undefined;
}

function mapped(value: object, change: (value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, change(it)]));
}
