import { listOf, mapOf } from '../collections.ts';
import type { KeyForm } from '../collections.ts';
import { namePattern } from '../../core/names.ts';
import type { PunctuateDef } from '../definition.ts';
import { checkName, choice, duration, functionName, name } from '../fields.ts';
import { object } from '../object.ts';
import type { OperatorTable } from './operator.ts';
import { operator, propertyField } from './operator.ts';

const punctuation = object<PunctuateDef>({
  title: 'punctuation',
  doc: 'A tick that the stage gets as an input of its own, by this name.',
  parts: {
    everyMs: {
      key: 'every',
      field: duration(),
      required: true,
      doc: 'Time between two ticks.',
    },
    by: {
      field: choice(['stream-time', 'wall-clock']),
      required: true,
      doc: 'Whose time: that of the records, or that of the clock.',
    },
  },
});

const names: KeyForm = { type: 'name', pattern: namePattern, check: checkName };

/** `process:` */
export const process: OperatorTable = operator({
  kind: 'process',
  doc:
    'An RxJS stage in TypeScript, with any number of inputs, outputs, stores and punctuations: ' +
    '`processors/…/NAME.ts` exports it under its name in camelCase. `out` says its outputs and their types.',
  example: `stages:
  reserve:
    in:
      take: { from: placed, key: value.storeId }
      settle: { from: picked, key: value.storeId }
    process: reserve
    stores: [stock]
    punctuate:
      clean-up: { every: 1h, by: stream-time }
    out:
      held: { key: string, value: shop.Held }
      short: { key: string, value: shop.Short }
    drop: [held, short]
`,
  mainDoc: 'An RxJS stage: name of its file in the processors folder, without `.ts`.',
  main: propertyField('use', functionName),
  beside: {
    stores: {
      field: listOf(name, 'stores'),
      doc: 'Stores of `stores:` that it reads and writes, and tables that it reads.',
    },
    punctuate: {
      field: mapOf(names, punctuation),
      doc: 'Ticks by time: name → how often and by whose time.',
    },
  },
});
