import { expression } from '../expression-field.ts';
import { choice, ref } from '../fields.ts';
import { object } from '../object.ts';
import { valueGroup } from './functions.ts';
import type { Operator, OperatorTable } from './operator.ts';
import { operator } from './operator.ts';

/** `join:` */
export const join: OperatorTable = operator({
  kind: 'join',
  doc:
    'Looks up each record of a stream in a table, by key; in a global table by any key. ' +
    'The value is made over `key`, `left` (the record’s value) and `right` (the row; null where a left join finds none).',
  example: `stages:
  with-customer:
    from: placed
    key: value.customerId
    join:
      with: customers
      kind: left
      as: shop.Named
      set: { orderId: left.orderId, name: 'right == null ? "" : right.name' }
    to: named
  with-product:
    from: order-lines
    join: { with: products, on: value.productId, use: add-price, as: shop.PricedLine }
    to: priced
`,
  main: object<Operator<'join'>>({
    title: 'join',
    doc: 'With what, by which key, and what comes of it.',
    later: { within: [], grace: [], 'foreign-key': [] },
    parts: {
      with: {
        field: ref,
        required: true,
        doc: 'The table or global table, or a stage that gives one.',
      },
      type: {
        key: 'kind',
        field: choice(['inner', 'left'], ['outer']),
        default: '`inner`',
        fill: 'inner',
        doc: '`inner` drops (and counts) a record without a row, `left` keeps it.',
      },
      on: {
        field: expression,
        default: 'the key of the record',
        doc: 'Key to look up in a global table, over `key` and `value`.',
      },
      value: valueGroup(true),
    },
  }),
  beside: {},
});
