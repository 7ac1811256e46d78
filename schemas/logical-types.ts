/** Units of time in a second, by the end of the name of a logical type. */
const perSecond: Readonly<Record<string, number>> = { millis: 1e3, micros: 1e6, nanos: 1e9 };

const timePattern = /^(timestamp|local-timestamp|time)-(millis|micros|nanos)$/;

/** Logical types of int and long whose values are numbers; others mean nothing to Millrace. */
function meaning(logical: string | undefined): { family: string; unit: number } | undefined {
  if (logical === undefined) return undefined;
  if (logical === 'date') return { family: 'date', unit: 1 };
  const match = timePattern.exec(logical);
  if (match === null) return undefined;
  return { family: match[1] as string, unit: perSecond[match[2] as string] as number };
}

/**
 * What an int or long that was written as one logical type is multiplied by to mean the same as
 * another one: 1,000 from `timestamp-millis` to `timestamp-micros`. 1 where one of them has no
 * meaning of its own. Undefined where the reader would lose digits, or take one kind of time for
 * another.
 */
export function widening(
  writer: string | undefined,
  reader: string | undefined,
): number | undefined {
  const from = meaning(writer);
  const to = meaning(reader);
  if (from === undefined || to === undefined) return 1;
  if (from.family !== to.family || from.unit > to.unit) return undefined;
  return to.unit / from.unit;
}

/**
 * True for a logical type of a long whose values are bigints: `bigint` is Millrace's own, for longs
 * that use all 64 bits; nanoseconds since 1970 have been beyond what a number holds exactly since
 * April 1970.
 */
export function isBigLong(logical: unknown): boolean {
  return (
    logical === 'bigint' || logical === 'timestamp-nanos' || logical === 'local-timestamp-nanos'
  );
}

/** Digits of a decimal, and how many of them stand after the point. */
export interface DecimalAttributes {
  readonly precision: number;
  readonly scale: number;
}

/**
 * The attributes of a `decimal` as a schema has them; undefined where they are not valid, and the
 * type is the plain bytes underneath, as Avro wants it. `size` is that of a `fixed`.
 */
export function decimalAttributes(
  schema: { readonly precision?: unknown; readonly scale?: unknown },
  size?: number,
): DecimalAttributes | undefined {
  const { precision, scale = 0 } = schema;
  if (!Number.isSafeInteger(precision) || !Number.isSafeInteger(scale)) return undefined;
  const attributes = { precision: precision as number, scale: scale as number };
  if (attributes.precision < 1 || attributes.scale < 0) return undefined;
  if (attributes.scale > attributes.precision) return undefined;
  if (size !== undefined && attributes.precision > maxDigits(size)) return undefined;
  return attributes;
}

/** Digits that every number of `size` bytes in two's complement can have. */
function maxDigits(size: number): number {
  return Math.floor(Math.log10(2) * (8 * size - 1));
}
