import type { CallEffect } from '../definition.ts';
import type { Field } from '../field.ts';
import { choice, duration } from '../fields.ts';
import { object } from '../object.ts';

/** What a repeat of a request means where the call says nothing: 24 h is what payment services promise at least. */
export const defaultEffect: CallEffect = { kind: 'idempotent', windowMs: 24 * 3_600_000 };

const word = choice(['idempotent', 'lookup', 'at-most-once', 'at-least-once']);

const windowed = object<{ idempotent: { windowMs: number } }>({
  title: 'effect',
  doc: 'What it means to send a request again, which a crash makes necessary. One of the words `idempotent` (with a window of 24h), `lookup`, `at-most-once`, `at-least-once`, or a map.',
  parts: {
    idempotent: {
      field: object<{ windowMs: number }>({
        title: 'idempotent',
        doc: 'The service makes a request once for each idempotency key.',
        parts: {
          windowMs: {
            key: 'window',
            field: duration(),
            required: true,
            doc: 'How long the service knows a key, counted from the moment before the first request with it. Afterwards nothing is sent again by itself: the look-up is asked, if there is one, else a person (`millrace calls`).',
          },
        },
      }),
      required: true,
      doc: 'The window of the service.',
    },
  },
});

/** `effect:` of a call: a word, or `{ idempotent: { window: 24h } }`. */
export const effectField: Field<CallEffect> = {
  read(node, at) {
    if (node.kind === 'map') {
      const read = windowed.read(node, at);
      return read && { kind: 'idempotent', windowMs: read.idempotent.windowMs };
    }
    const kind = word.read(node, at);
    if (kind === undefined) return undefined;
    return kind === 'idempotent' ? defaultEffect : { kind };
  },
  schema: { anyOf: [word.schema, windowed.schema] },
  type: `${word.type} \\| map`,
  tables: windowed.tables,
};
