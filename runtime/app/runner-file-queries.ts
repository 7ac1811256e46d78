import { duration, integer, text } from '../../topology/definition/fields.ts';
import { object } from '../../topology/definition/object.ts';
import type { QueriesOptions } from '../queries/queries-options.ts';
import { secret } from './runner-file-secret.ts';

/** The keys of `queries` in a runner file. */
export const queriesTable = object<QueriesOptions>({
  title: 'queries',
  doc: 'An HTTP server that answers for the stores of the application, on all members.',
  mayBeEmpty: true,
  parts: {
    host: {
      field: { ...text, type: 'address' },
      default: '`127.0.0.1`',
      doc: 'Address that it listens on. Where it is no loopback address, `token` is needed.',
    },
    port: {
      field: integer(0, 65_535),
      default: '`0`',
      doc: 'Port that it listens on; 0: one that is free.',
    },
    advertised: {
      field: { ...text, type: '`http://host:port`' },
      doc: 'Where other members reach this one, if it is not at `host` and `port`.',
    },
    token: {
      field: secret,
      doc: 'What every request must bring, of all members the same: `Authorization: Bearer …`.',
    },
    timeout: {
      field: duration(),
      default: '`5s`',
      doc: 'Longest wait for another member.',
    },
  },
});
