import { durationMs } from '../../core/duration.ts';
import type { ErrorPolicyDef, HaltAbove } from '../definition.ts';
import type { Field } from '../field.ts';
import { onlyTrue, scalarText, topic } from '../fields.ts';
import { exactlyOne, keySpan, readKey } from '../group.ts';
import type { Group } from '../object.ts';
import { groupField } from '../object.ts';

const haltPattern = /^(\d+(?:\.\d+)?)% of (\d+) per (\S+)$/;

const haltAbove: Field<HaltAbove> = {
  read(node, at) {
    const text = scalarText(node, at, 'a share such as 5% of 100 per 1m');
    if (text === undefined) return undefined;
    const [, percent, records, per] = haltPattern.exec(text) ?? [];
    const perMs = per === undefined ? undefined : durationMs(per);
    const share = Number(percent) / 100;
    if (perMs === undefined || perMs === 0 || !(share <= 1) || !(Number(records) >= 1)) {
      at.error('E019', node.span, `"${text}" is no share of failures within a time`, {
        suggestion: 'write it like 5% of 100 per 1m',
      });
      return undefined;
    }
    return { share, records: Number(records), perMs };
  },
  schema: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?% of [0-9]+ per \\S+$' },
  type: 'share',
  tables: [],
};

const keys = {
  'dead-letter': {
    field: topic,
    doc: 'Topic for records that fail: raw bytes; stage, error and position in the headers.',
  },
  'halt-above': {
    field: haltAbove,
    default: 'never',
    doc: 'Stop instead when more than this share of at least so many records failed within the time.',
  },
  fail: { field: onlyTrue, doc: 'Stop at the first record that fails.' },
};

const group: Group<ErrorPolicyDef> = {
  keys,
  required: true,
  constraints: [
    { oneOf: [{ required: ['dead-letter'] }, { required: ['fail'] }] },
    { dependencies: { 'halt-above': ['dead-letter'] } },
  ],
  read(entries, at, owner) {
    const chosen = exactlyOne(entries, ['dead-letter', 'fail'], at, owner);
    if (chosen === undefined) return undefined;
    if (chosen === 'fail') {
      if (entries.has('halt-above')) {
        const span = keySpan(entries, 'halt-above', owner);
        at.error('E013', span, '"halt-above" goes with "dead-letter", not with "fail"');
      }
      return readKey(entries, 'fail', at, 'fail', onlyTrue) && { fail: true };
    }
    const deadLetter = readKey(entries, 'dead-letter', at, 'deadLetter', topic);
    const halt = readKey(entries, 'halt-above', at, 'haltAbove', haltAbove);
    if (deadLetter === undefined) return undefined;
    return halt === undefined ? { deadLetter } : { deadLetter, haltAbove: halt };
  },
};

/** `errors:` what becomes of a record that fails. */
export const errorPolicy = groupField({
  title: 'error policy',
  doc: 'What becomes of a record that does not decode or whose stage throws. Exactly one of `dead-letter` and `fail`.',
  example: `application: orders
stages: {}
errors:
  default: { dead-letter: orders.dead-letters, halt-above: 5% of 100 per 1m }
`,
  later: { 'park-by-key': [] },
  group,
});
