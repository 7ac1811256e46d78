import { integer } from '../fields.ts';
import { object } from '../object.ts';
import type { Operator, OperatorTable } from './operator.ts';
import { operator } from './operator.ts';

/** `repartition:` */
export const repartition: OperatorTable = operator({
  kind: 'repartition',
  doc: 'Sends the records through a topic, so that equal keys meet in one partition. Needed by hand only to change the number of partitions: operators that need it do it themselves.',
  example: `stages:
  spread: { from: placed, repartition: { partitions: 12 }, to: checked }
`,
  main: object<Operator<'repartition'>>({
    title: 'repartition',
    doc: 'The topic in between.',
    mayBeEmpty: true,
    parts: {
      partitions: {
        field: integer(1, 100_000),
        default: 'as many as before',
        doc: 'Number of partitions.',
      },
    },
  }),
  beside: {},
});
