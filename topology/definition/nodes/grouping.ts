import type { Grouping } from '../definition.ts';
import { expression } from '../expression-field.ts';
import { onlyTrue } from '../fields.ts';
import { exactlyOne, readKey } from '../group.ts';
import type { Group } from '../object.ts';
import { object } from '../object.ts';
import { scalarOr, valueGroup } from './functions.ts';

type GroupBy = Omit<Extract<Grouping, { readonly by: 'expr' }>, 'by'>;

const groupBy = scalarOr<GroupBy>(
  (key) => ({ key }),
  object<GroupBy>({
    title: 'group-by',
    doc: 'A new key to group by and, if need be, a new value.',
    parts: {
      key: { field: expression, required: true, doc: 'Expression of the key to group by.' },
      value: valueGroup(false),
    },
  }),
  'key',
);

/** `group-by-key: true` or `group-by:`, beside an aggregating operator. */
export const groupingGroup: Group<Grouping> = {
  keys: {
    'group-by-key': { field: onlyTrue, doc: 'Group by the key that records have.' },
    'group-by': {
      field: groupBy,
      doc: 'Group by another key: an expression, or a map that makes a new value, too.',
    },
  },
  required: true,
  constraints: [{ not: { required: ['group-by-key', 'group-by'] } }],
  read(entries, at, owner) {
    const chosen = exactlyOne(entries, ['group-by-key', 'group-by'], at, owner);
    if (chosen === undefined) return undefined;
    if (chosen === 'group-by-key') {
      return readKey(entries, chosen, at, 'by', onlyTrue) && { by: 'key' };
    }
    const entry = entries.get(chosen);
    if (entry === undefined) return undefined;
    at.child('by').mark(entry.value);
    const read = groupBy.read(entry.value, at.keyed(entry.key));
    return read === undefined ? undefined : { by: 'expr', ...read };
  },
};
