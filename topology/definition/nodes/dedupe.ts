import { expression } from '../expression-field.ts';
import type { Field } from '../field.ts';
import { choice, duration, name } from '../fields.ts';
import { object } from '../object.ts';
import type { Operator, OperatorTable } from './operator.ts';
import { operator } from './operator.ts';

type Conflict = NonNullable<Operator<'dedupe'>['conflict']>;

const word = choice(['dead-letter', 'drop']);
const output = object<{ readonly out: string }>({
  title: 'conflict',
  doc: 'An output for conflicts.',
  parts: { out: { field: name, required: true, doc: 'Name of the output.' } },
});

const conflict: Field<Conflict> = {
  read: (node, at) => (node.kind === 'map' ? output.read(node, at) : word.read(node, at)),
  schema: { anyOf: [word.schema, output.schema] },
  type: `${word.type} \\| map`,
  tables: output.tables,
};

/** `dedupe:` */
export const dedupe: OperatorTable = operator({
  kind: 'dedupe',
  doc:
    'Lets the first record of each key pass and absorbs its repeats, for as long as it remembers. The output is `first`. ' +
    'With `compare`, a repeat that differs is a conflict.',
  example: `stages:
  once:
    from: placed
    dedupe: { by: key, compare: value, retention: 30d, conflict: { out: other-body } }
    out: [first, other-body]
    drop: [first, other-body]
`,
  main: object<Operator<'dedupe'>>({
    title: 'dedupe',
    doc: 'What counts as the same, and for how long.',
    parts: {
      by: {
        field: expression,
        required: true,
        doc: '`key`, or an expression: what repeats have in common.',
      },
      compare: {
        field: expression,
        default: 'nothing: any repeat is a duplicate',
        doc: 'Expression that must have the same value in a repeat; otherwise it is a conflict.',
      },
      retentionMs: {
        key: 'retention',
        field: duration(),
        required: true,
        doc: 'How long a record is remembered, in stream time.',
      },
      conflict: {
        field: conflict,
        default: '`dead-letter`',
        doc: 'What becomes of a conflict: to the dead letters, dropped and counted, or an output.',
      },
    },
  }),
  beside: {},
});
