import * as fc from 'fast-check';
import { Decimal } from '../../topology/core/decimal.ts';

/** A schema without names; {@link build} names what has one. */
export type Shape =
  | { readonly kind: 'leaf'; readonly schema: unknown; readonly values: fc.Arbitrary<unknown> }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'fixed'; readonly size: number; readonly decimal?: readonly [number, number] }
  | { readonly kind: 'array' | 'map'; readonly of: Shape }
  | { readonly kind: 'record'; readonly fields: readonly Shape[] }
  | { readonly kind: 'union'; readonly branches: readonly Shape[] };

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
/** Safe longs, with the edges of what takes how many bytes. */
const long = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 53 - 1, 1 - 2 ** 53, 2 ** 52, -(2 ** 52), 2 ** 31, -(2 ** 31) - 1, 0),
);
const bigLong = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n), 2n ** 48n, 0n, -1n),
);
/** Decimals of up to `precision` digits. */
function decimals([precision, scale]: readonly [number, number]): fc.Arbitrary<Decimal> {
  const max = 10n ** BigInt(precision) - 1n;
  return fc.bigInt({ min: -max, max }).map((unscaled) => new Decimal(unscaled, scale));
}

const leaf = (schema: unknown, values: fc.Arbitrary<unknown>): Shape => ({
  kind: 'leaf',
  schema,
  values,
});
const logical = (type: string, logicalType: string, values: fc.Arbitrary<unknown>): Shape =>
  leaf({ type, logicalType }, values);
const decimalBytes = (digits: readonly [number, number]): Shape =>
  leaf(
    { type: 'bytes', logicalType: 'decimal', precision: digits[0], scale: digits[1] },
    decimals(digits),
  );

/** Leaves whose values bare avsc has as well. */
const plainLeaves: readonly Shape[] = [
  leaf('null', fc.constant(null)),
  leaf('boolean', fc.boolean()),
  leaf('int', int),
  leaf('long', fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 })),
  leaf('float', fc.float()),
  leaf('double', fc.double()),
  leaf('bytes', bytes),
  leaf('string', text),
];

const allLeaves: readonly Shape[] = [
  ...plainLeaves,
  leaf('long', long),
  logical('long', 'timestamp-millis', long),
  logical('long', 'timestamp-micros', long),
  logical('long', 'timestamp-nanos', bigLong),
  logical('long', 'local-timestamp-micros', long),
  logical('long', 'bigint', bigLong),
  logical('int', 'date', int),
  logical('int', 'time-millis', int),
  logical('long', 'time-micros', long),
  logical('string', 'uuid', fc.uuid()),
  decimalBytes([1, 0]),
  decimalBytes([9, 2]),
  decimalBytes([38, 10]),
];

function shapesOf(
  leaves: readonly Shape[],
  fixed: fc.Arbitrary<Shape>,
  symbols: fc.Arbitrary<readonly string[]>,
): fc.Arbitrary<Shape> {
  const { shape } = fc.letrec<{ shape: Shape }>((again) => ({
    shape: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(...leaves),
      symbols.map((list): Shape => ({ kind: 'enum', symbols: list })),
      fixed,
      fc.record({ kind: fc.constantFrom('array' as const, 'map' as const), of: again('shape') }),
      fc
        .array(again('shape'), { maxLength: 4 })
        .map((fields): Shape => ({ kind: 'record', fields })),
      fc
        .uniqueArray(
          again('shape').filter((it) => it.kind !== 'union'),
          { minLength: 1, maxLength: 4, selector: branchName },
        )
        .map((branches): Shape => ({ kind: 'union', branches })),
    ),
  }));
  return shape;
}

function branchName(shape: Shape): string {
  if (shape.kind !== 'leaf') return shape.kind;
  const { schema } = shape;
  return typeof schema === 'string' ? schema : (schema as { type: string }).type;
}

/** Shapes whose values are the same to bare avsc. */
export const plainShapes: fc.Arbitrary<Shape> = shapesOf(
  plainLeaves,
  fc.nat(20).map((size): Shape => ({ kind: 'fixed', size })),
  fc.constantFrom(['A'], ['A', 'B', 'C']),
);

/** Shapes of all logical types, too. */
export const allShapes: fc.Arbitrary<Shape> = shapesOf(
  allLeaves,
  fc.constantFrom<Shape>(
    { kind: 'fixed', size: 0 },
    { kind: 'fixed', size: 12 },
    { kind: 'fixed', size: 1, decimal: [2, 1] },
    { kind: 'fixed', size: 16, decimal: [38, 3] },
  ),
  // What every object has is a symbol as well as any other.
  fc.constantFrom(['A'], ['A', 'B', 'C'], ['constructor', 'toString']),
);

/** A schema and what its values may be. */
export interface Built {
  readonly schema: unknown;
  readonly values: fc.Arbitrary<unknown>;
}

/** Which branches of a union a bare value can be told by (docs/schemas.md). */
function valueKind(shape: Shape): string {
  if (shape.kind === 'fixed') return shape.decimal === undefined ? 'bytes' : 'decimal';
  if (shape.kind !== 'leaf') {
    return { enum: 'string', record: 'object', map: 'object', array: 'array', union: '' }[
      shape.kind
    ];
  }
  const { schema } = shape;
  const logicalType =
    typeof schema === 'string' ? '' : (schema as { logicalType: string }).logicalType;
  if (logicalType === 'decimal') return 'decimal';
  if (logicalType === 'bigint' || logicalType.endsWith('-nanos')) return 'bigint';
  const name = branchName(shape);
  return ['int', 'long', 'float', 'double'].includes(name) ? 'number' : name;
}

/** The schema of a shape; `next` numbers the types that have names. */
export function build(shape: Shape, next: () => number = counter()): Built {
  switch (shape.kind) {
    case 'leaf':
      return shape;
    case 'enum':
      return {
        schema: { type: 'enum', name: `t.E${next()}`, symbols: shape.symbols },
        values: fc.constantFrom(...shape.symbols),
      };
    case 'fixed': {
      const { size, decimal } = shape;
      const more =
        decimal === undefined
          ? {}
          : { logicalType: 'decimal', precision: decimal[0], scale: decimal[1] };
      const plain = fc
        .uint8Array({ minLength: size, maxLength: size })
        .map((it) => Buffer.from(it));
      return {
        schema: { type: 'fixed', name: `t.F${next()}`, size, ...more },
        values: decimal === undefined ? plain : decimals(decimal),
      };
    }
    case 'array': {
      const items = build(shape.of, next);
      return {
        schema: { type: 'array', items: items.schema },
        values: fc.array(items.values, { maxLength: 3 }),
      };
    }
    case 'map': {
      const values = build(shape.of, next);
      const keys = fc.oneof(fc.string({ maxLength: 5 }), fc.constant('__proto__'));
      return {
        schema: { type: 'map', values: values.schema },
        values: fc.dictionary(keys, values.values, { maxKeys: 3, noNullPrototype: true }),
      };
    }
    case 'record':
      return buildRecord(shape.fields, next);
    case 'union':
      return buildUnion(shape.branches, next);
  }
}

function buildRecord(shapes: readonly Shape[], next: () => number): Built {
  const name = `t.R${next()}`;
  const fields = shapes.map((shape, i) => ({ name: `f${i}`, ...build(shape, next) }));
  return {
    schema: { type: 'record', name, fields: fields.map((f) => ({ name: f.name, type: f.schema })) },
    values: fc.record(Object.fromEntries(fields.map((f) => [f.name, f.values])), {
      noNullPrototype: true,
    }),
  };
}

function buildUnion(shapes: readonly Shape[], next: () => number): Built {
  const branches = shapes.map((shape) => build(shape, next));
  const bare = new Set(shapes.map(valueKind)).size === shapes.length;
  const values = branches.map(({ schema, values: of }, i) => {
    const named = (schema as { name?: string }).name ?? branchName(shapes[i] as Shape);
    return bare || named === 'null' ? of : of.map((value) => ({ [named]: value }));
  });
  return { schema: branches.map(({ schema }) => schema), values: fc.oneof(...values) };
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}
