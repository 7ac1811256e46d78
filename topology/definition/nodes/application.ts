import { namePattern } from '../../core/names.ts';
import type { KeyForm } from '../collections.ts';
import { mapOf } from '../collections.ts';
import type { Definition } from '../definition.ts';
import { checkName, folder, name, text } from '../fields.ts';
import { object } from '../object.ts';
import { errorPolicy } from './errors.ts';
import { stageTable } from './stage.ts';
import { callTable, storeTable } from './store.ts';
import { streamTable, tableTable } from './topic.ts';

function named(type: string): KeyForm {
  return { type, pattern: namePattern, check: checkName };
}

/** A topology file as a whole. Its value is there even if parts are wrong: those are left out. */
export const application = object<Definition>({
  title: 'topology file',
  doc: 'One application: what it reads, what it does, and where it writes.',
  example: `application: orders
doc: Orders from placement to payment.
processors: ../processors
schemas: ../schemas
streams:
  placed: { topic: orders.placed, key: string, value: shop.OrderPlaced, time: value.placedAt }
  large: { topic: orders.large, key: string, value: shop.OrderPlaced }
stages:
  only-large: { from: placed, filter: value.totalCents >= 10000, to: large }
errors:
  default: { dead-letter: orders.dead-letters }
`,
  later: { tests: [] },
  parts: {
    application: {
      field: name,
      required: true,
      fill: '',
      doc: 'Consumer group, transactional ids and prefix of internal topics.',
    },
    doc: { field: text, doc: 'What it is for, for people.' },
    processors: {
      field: folder,
      doc: 'Folder where `process:` and `use:` look, relative to the file.',
    },
    schemas: { field: folder, doc: 'Folder of `.avsc` files, relative to the file.' },
    streams: {
      field: mapOf(named('stream'), streamTable),
      fill: {},
      doc: 'Topics whose records are facts.',
    },
    tables: {
      field: mapOf(named('table'), tableTable),
      fill: {},
      doc: 'Topics whose records are the newest state of their key.',
    },
    stores: {
      field: mapOf(named('store'), storeTable),
      fill: {},
      doc: 'State that `process` stages use.',
    },
    calls: {
      field: mapOf(named('call'), callTable),
      fill: {},
      doc: 'External services that `call` stages ask.',
    },
    stages: {
      field: mapOf(named('stage'), stageTable),
      required: true,
      fill: {},
      doc: 'The steps.',
    },
    errors: {
      field: object<NonNullable<Definition['errors']>>({
        title: 'errors',
        doc: 'What becomes of records that fail.',
        parts: {
          default: {
            field: errorPolicy,
            default: 'dead letters in `<application>-dead-letters`',
            doc: 'Wherever a stage says nothing else.',
          },
        },
      }),
      doc: 'What becomes of records that fail.',
    },
  },
});
