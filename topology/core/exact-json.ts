/**
 * A number of a JSON text that no `number` is: its digits as they are written. `JSON.stringify`
 * writes them so (`JSON.rawJSON` of ECMAScript's proposal "JSON.parse source text access").
 */
export interface RawNumber {
  readonly rawJSON: string;
}

/** What the runtime has beyond TypeScript's library: Node 22 and later. */
const json = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/** Shorter ones are exact: 2^53 has 16 digits. */
const longNumber = /\d{16}/;
const integer = /^-?\d+$/;

/**
 * The value of a JSON text, as `JSON.parse` gives it, save that integers beyond 2^53 are
 * {@link RawNumber}s instead of rounded. For schemas, whose defaults may be such longs.
 * @throws {SyntaxError} when the text is no JSON
 */
export function parseExactJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    source !== undefined &&
    integer.test(source)
      ? json.rawJSON(source)
      : value,
  );
}

/** Whether a value is a number that {@link parseExactJson} did not round. */
export function isRawNumber(value: unknown): value is RawNumber {
  return json.isRawJSON(value);
}

/** The integer that it is. */
export function bigOf({ rawJSON }: RawNumber): bigint {
  return BigInt(rawJSON);
}
