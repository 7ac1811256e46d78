import { expression } from '../expression-field.ts';
import { name } from '../fields.ts';
import { object } from '../object.ts';
import type { Operator, OperatorTable } from './operator.ts';
import { operator } from './operator.ts';

/** `to-table:` */
export const toTable: OperatorTable = operator({
  kind: 'to-table',
  doc: 'Makes a table of a stream: the newest value of each key; a null value deletes.',
  example: `stages:
  last-order: { from: placed, key: value.customerId, to-table: { store: last-order }, drop: [out] }
`,
  main: object<Operator<'to-table'>>({
    title: 'to-table',
    doc: 'Where the rows are kept.',
    mayBeEmpty: true,
    parts: {
      store: { field: name, default: 'the name of the stage', doc: 'Name of its store.' },
    },
  }),
  beside: {},
});

/** `to-stream:` */
export const toStream: OperatorTable = operator({
  kind: 'to-stream',
  doc: 'Makes a stream of a table: one record for each change, null for a deletion.',
  example: `stages:
  changes: { from: customers, to-stream: {}, to: customer-changes }
`,
  main: object<Operator<'to-stream'>>({
    title: 'to-stream',
    doc: 'The key of the stream.',
    mayBeEmpty: true,
    parts: {
      key: { field: expression, default: 'the key of the row', doc: 'Expression of a new key.' },
    },
  }),
  beside: {},
});
