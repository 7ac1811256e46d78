import type { ValueFn } from '../definition.ts';
import { expression } from '../expression-field.ts';
import type { Field } from '../field.ts';
import { functionName, name, typeName } from '../fields.ts';
import { object } from '../object.ts';
import { keyFunction, scalarOr, valueField, valueGroup } from './functions.ts';
import type { Operator, OperatorTable } from './operator.ts';
import { operator, propertyField } from './operator.ts';

const useDoc = 'Function of the processors folder: file in kebab-case, export in camelCase.';

/** `map:` */
export const map: OperatorTable = operator({
  kind: 'map',
  doc: 'Makes a new key, a new value, or both. The key counts as changed.',
  example: `stages:
  by-customer:
    from: placed
    map:
      key: value.customerId
      value: { as: shop.Spent, set: { customerId: value.customerId, cents: value.totalCents } }
    to: spent
  by-function: { from: placed, map: { use: to-spent, key-as: string, as: shop.Spent }, to: spent }
`,
  main: object<Operator<'map'>>({
    title: 'map',
    doc: 'Either `key` and `value` (one may be left out), or one function for both.',
    parts: {
      key: { field: keyFunction, default: 'the key stays', doc: 'The new key.' },
      value: { field: valueField, default: 'the value stays', doc: 'The new value.' },
      use: { field: functionName, doc: useDoc },
      keyAs: { field: typeName, doc: 'Avro type of the key that `use` makes.' },
      as: { field: typeName, doc: 'Avro type of the value that `use` makes.' },
    },
    check(value, at, owner) {
      const parts = value.key !== undefined || value.value !== undefined;
      if (parts && value.use !== undefined) {
        at.error(
          'E013',
          at.ownerSpan(owner),
          '"use" makes key and value: leave out "key" and "value"',
        );
        return false;
      }
      if (!parts && value.use === undefined && owner.entries.length === 0) {
        at.error('E006', at.ownerSpan(owner), 'missing key: one of "key", "value", "use"');
        return false;
      }
      return parts || value.use !== undefined;
    },
  }),
  beside: {},
});

const stored = object<Operator<'map-values'>>({
  title: 'new value',
  doc: 'How the value is made and, for a table, a store that keeps the rows.',
  parts: {
    value: valueGroup(true),
    store: { field: name, doc: 'Of a table: name of the store that holds the new rows.' },
  },
});

const newValue: Field<Operator<'map-values'>> = {
  read(node, at) {
    if (node.kind === 'map') return stored.read(node, at);
    const place = at.child('value');
    place.mark(node);
    const expr = expression.read(node, place.child('expr'));
    return expr === undefined ? undefined : { value: { expr } };
  },
  schema: { anyOf: [expression.schema, stored.schema] },
  type: 'expression, or new value',
  tables: stored.tables,
};

/** `map-values:` */
export const mapValues: OperatorTable = operator({
  kind: 'map-values',
  doc: 'Makes a new value. The key stays, and records stay where they are.',
  example: `stages:
  totals: { from: placed, map-values: value.totalCents, to: totals }
  spent:
    from: placed
    map-values: { as: shop.Spent, set: { customerId: value.customerId, cents: value.totalCents } }
    to: spent
  scored: { from: placed, map-values: { use: score, as: shop.Scored }, to: scored }
`,
  main: newValue,
  beside: {},
});

/** `flat-map:` */
export const flatMap: OperatorTable = operator({
  kind: 'flat-map',
  doc: 'Makes any number of records, with new keys, by a function. The key counts as changed.',
  example: `stages:
  lines: { from: placed, flat-map: { use: lines-by-product, key-as: string, as: shop.Line }, to: lines }
`,
  main: object<Operator<'flat-map'>>({
    title: 'flat-map',
    doc: 'A function that gives a list of key and value.',
    parts: {
      use: { field: functionName, required: true, doc: useDoc },
      keyAs: { field: typeName, required: true, doc: 'Avro type of the keys.' },
      as: { field: typeName, required: true, doc: 'Avro type of the values.' },
    },
  }),
  beside: {},
});

const several = scalarOr<ValueFn>(
  (expr) => ({ expr }),
  object<{ readonly use: string; readonly as: string }>({
    title: 'values',
    doc: 'A function that gives a list of values.',
    parts: {
      use: { field: functionName, required: true, doc: useDoc },
      as: { field: typeName, required: true, doc: 'Avro type of each value.' },
    },
  }),
);

/** `flat-map-values:` */
export const flatMapValues: OperatorTable = operator({
  kind: 'flat-map-values',
  doc: 'Makes any number of values, one record each. The key stays.',
  example: `stages:
  lines: { from: placed, flat-map-values: value.lines, to: lines }
`,
  mainDoc: 'Expression that gives a list, or a function that does.',
  main: propertyField('value', several),
  beside: {},
});

/** `peek:` */
export const peek: OperatorTable = operator({
  kind: 'peek',
  doc: 'Shows each record to a function and passes it on as it is. For looking only: it may see a record again, its result is ignored, and so is the failure of a promise that it returns; what it throws is a failure of the record.',
  example: `stages:
  watch: { from: placed, peek: { use: log-order }, to: checked }
`,
  main: object<Operator<'peek'>>({
    title: 'peek',
    doc: 'A function whose result is ignored.',
    parts: { use: { field: functionName, required: true, doc: useDoc } },
  }),
  beside: {},
});
