import type { AvroRecord, AvroType, SchemaCatalog } from '../../../topology/core/avro.ts';
import type { Header } from '../../../topology/core/record.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import { compileExpression } from '../../../topology/expression/compile.ts';
import type {
  Bindings,
  ExpressionProblem,
  ExpressionScope,
} from '../../../topology/expression/expression.ts';

export const types = {
  string: { kind: 'string' },
  int: { kind: 'int' },
  long: { kind: 'long' },
  float: { kind: 'float' },
  double: { kind: 'double' },
  boolean: { kind: 'boolean' },
  bytes: { kind: 'bytes' },
  millis: { kind: 'long', logical: 'timestamp-millis' },
  micros: { kind: 'long', logical: 'timestamp-micros' },
  decimal: { kind: 'bytes', logical: 'decimal' },
} as const satisfies Record<string, AvroType>;

export function optional(type: AvroType): AvroType {
  return { kind: 'union', branches: [{ kind: 'null' }, type] };
}

export function record(name: string, fields: Readonly<Record<string, AvroType>>): AvroRecord {
  return {
    kind: 'record',
    name,
    fields: Object.entries(fields).map(([name, type]) => ({ name, type, hasDefault: false })),
  };
}

export const state = {
  kind: 'enum',
  name: 'shop.State',
  symbols: ['PAID', 'REJECTED'],
} as const satisfies AvroType;

export const line = record('shop.Line', {
  productId: types.string,
  quantity: types.int,
  totalCents: types.long,
});

export const address = record('shop.Address', { city: types.string, zip: optional(types.string) });

export const order = record('shop.Order', {
  orderId: types.string,
  total: types.long,
  count: types.int,
  weight: types.double,
  rushed: types.boolean,
  state,
  note: optional(types.string),
  address: optional(address),
  lines: { kind: 'array', items: line },
  tags: { kind: 'map', values: types.string },
  at: types.millis,
  atUs: types.micros,
  paidAt: optional(types.millis),
  body: types.bytes,
  price: types.decimal,
  mixed: { kind: 'union', branches: [types.string, types.long] },
  words: { kind: 'array', items: optional(types.string) },
});

const named: Readonly<Record<string, AvroType>> = {
  'shop.State': state,
  'shop.Line': line,
  'shop.Address': address,
  'shop.Order': order,
};

/** The types above, by full name; nothing has a place. */
export const catalog: SchemaCatalog = {
  type: (name) => named[name] ?? (name in types ? types[name as keyof typeof types] : undefined),
  names: () => Object.keys(named).sort(),
  at: () => undefined,
};

export const scope: ExpressionScope = {
  catalog,
  variables: { key: types.string, value: order },
  metadata: true,
};

/** 2017-01-02T12:00:00Z, a Monday. */
export const noon = Date.UTC(2017, 0, 2, 12);

export const value = {
  orderId: 'o1',
  total: 1500,
  count: 3,
  weight: 2.5,
  rushed: false,
  state: 'PAID',
  note: null as string | null,
  address: null as { city: string; zip: string | null } | null,
  lines: [
    { productId: 'A1', quantity: 3, totalCents: 1000 },
    { productId: 'B2', quantity: 0, totalCents: 500 },
  ],
  tags: { color: 'red' } as Record<string, string>,
  at: noon,
  atUs: noon * 1000 + 7,
  paidAt: null as number | null,
  body: Buffer.from('body'),
  price: Buffer.from([1]),
  mixed: 'either',
  words: ['a', null, 'b'],
};

export function bindings(
  change: Partial<typeof value> = {},
  headers: readonly Header[] = [],
): Bindings {
  const bound = { ...value, ...change };
  return {
    record: new StreamRecord('o1', bound, noon, headers, 'orders.placed', 2, 41),
    key: 'o1',
    value: bound,
    left: null,
    right: null,
    reply: null,
    aggregate: null,
  };
}

/** The result of an expression that is expected to compile. */
export function run(
  text: string,
  bound: Bindings = bindings(),
  expected?: AvroType,
  within: ExpressionScope = scope,
): unknown {
  const result = compileExpression(text, within, expected);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('; '));
  return result.expression.run(bound);
}

/** The problems of an expression, warnings included. */
export function problems(
  text: string,
  expected?: AvroType,
  within: ExpressionScope = scope,
): readonly ExpressionProblem[] {
  const result = compileExpression(text, within, expected);
  return result.ok ? result.warnings : result.problems;
}

/** Code, marked part and suggestion of each problem. */
export function marks(text: string, expected?: AvroType): (string | undefined)[][] {
  return problems(text, expected).map(({ code, range, suggestion }) => [
    code,
    text.slice(...range),
    ...(suggestion === undefined ? [] : [suggestion]),
  ]);
}
