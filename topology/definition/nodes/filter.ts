import { expression } from '../expression-field.ts';
import type { Field } from '../field.ts';
import { name } from '../fields.ts';
import { object } from '../object.ts';
import { conditionGroup } from './functions.ts';
import type { Operator, OperatorTable } from './operator.ts';
import { operator } from './operator.ts';

type Filter = Operator<'filter'>;

const map = object<Filter>({
  title: 'condition',
  doc: 'A condition that is a function, or (for a table) keeps what passes in a store.',
  parts: {
    when: conditionGroup,
    store: { field: name, doc: 'Of a table: name of the store that holds the rows that pass.' },
  },
});

const condition: Field<Filter> = {
  read(node, at) {
    if (node.kind === 'map') return map.read(node, at);
    const place = at.child('when');
    place.mark(node);
    const expr = expression.read(node, place.child('expr'));
    return expr === undefined ? undefined : { when: { expr } };
  },
  schema: { anyOf: [expression.schema, map.schema] },
  type: 'expression, or condition',
  tables: map.tables,
};

/** `filter:` */
export const filter: OperatorTable = operator({
  kind: 'filter',
  doc: 'Lets a record pass if the condition is true.',
  example: `stages:
  large:
    from: placed
    filter: value.totalCents >= 10000
    to: large
  plausible: { from: placed, filter: { use: is-plausible }, to: checked }
`,
  main: condition,
  beside: {},
});

/** `filter-not:` */
export const filterNot: OperatorTable = operator({
  kind: 'filter-not',
  doc: 'Lets a record pass if the condition is false.',
  example: `stages:
  not-empty: { from: placed, filter-not: size(value.lines) == 0, to: checked }
`,
  main: condition,
  beside: {},
});
