import type { ValueFn } from '../definition.ts';
import { name, typeName } from '../fields.ts';
import { object } from '../object.ts';
import { aggregateValueField, inheritedType, valueField } from './functions.ts';
import { groupingGroup } from './grouping.ts';
import type { Operator, OperatorTable } from './operator.ts';
import { operator } from './operator.ts';

const store = {
  field: name,
  default: 'the name of the stage',
  doc: 'Name of the store that holds the result.',
} as const;

const later = { window: [], grace: [], emit: [], late: [], retention: [] };

/** `count:` */
export const count: OperatorTable = operator({
  kind: 'count',
  doc: 'Counts the records of each key. The result is a table with values of type long.',
  example: `stages:
  orders-per-customer:
    from: placed
    group-by: value.customerId
    count: { store: orders-per-customer }
    drop: [out]
`,
  main: object<Omit<Operator<'count'>, 'group'>>({
    title: 'count',
    doc: 'Where the counts are kept.',
    mayBeEmpty: true,
    later,
    parts: { store },
  }),
  beside: { group: groupingGroup },
});

/** `reduce:` */
export const reduce: OperatorTable = operator({
  kind: 'reduce',
  doc: 'Combines the values of each key into one of the same type. The first value is taken as it is; the result is a table.',
  example: `stages:
  sum:
    from: amounts
    group-by-key: true
    reduce: { add: aggregate + value }
    drop: [out]
`,
  main: object<Omit<Operator<'reduce'>, 'group'>>({
    title: 'reduce',
    doc: 'How values are combined.',
    later,
    parts: {
      add: {
        field: valueField,
        required: true,
        doc: 'The new result, over `aggregate` (the one so far) and `value`.',
      },
      subtract: {
        field: valueField,
        doc: 'Over a table, required: the result without an old row, over `aggregate` and `value`.',
      },
      store,
    },
  }),
  beside: { group: groupingGroup },
});

/** `aggregate:` */
export const aggregate: OperatorTable = operator({
  kind: 'aggregate',
  doc: 'Combines the values of each key into a result of another type; the result is a table.',
  example: `stages:
  spent-per-customer:
    from: placed
    group-by: value.customerId
    aggregate:
      as: shop.Spent
      init: { set: { customerId: key, cents: 0 } }
      add: { set: { customerId: key, cents: aggregate.cents + value.totalCents } }
      store: spent
    drop: [out]
`,
  main: aggregateField(),
  beside: { group: groupingGroup },
});

function aggregateField() {
  const table = object<Omit<Operator<'aggregate'>, 'group'>>({
    title: 'aggregate',
    doc: 'The type of the result, where it starts, and how it grows.',
    later,
    parts: {
      as: { field: typeName, required: true, doc: 'Avro type of the result.' },
      init: {
        field: aggregateValueField,
        required: true,
        doc: 'The first result, over `key`.',
      },
      add: {
        field: aggregateValueField,
        required: true,
        doc: 'The new result, over `key`, `value` and `aggregate` (the one so far).',
      },
      subtract: {
        field: aggregateValueField,
        doc: 'Over a table, required: the result without an old row, over the same.',
      },
      store,
    },
  });
  return {
    ...table,
    read(...[node, at]: Parameters<typeof table.read>) {
      const value = table.read(node, at);
      if (value === undefined) return undefined;
      const { init, add, subtract, ...rest } = value;
      return {
        ...rest,
        init: withType(init, value.as),
        add: withType(add, value.as),
        ...(subtract === undefined ? {} : { subtract: withType(subtract, value.as) }),
      };
    },
  };
}

function withType(value: ValueFn, as: string): ValueFn {
  return 'set' in value && value.as === inheritedType ? { ...value, as } : value;
}
