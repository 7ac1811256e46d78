import { expression } from '../expression-field.ts';
import type { Field } from '../field.ts';
import { checkName, wrongKind } from '../fields.ts';
import type { Place } from '../place.ts';
import type { Written, WrittenEntry, WrittenList } from '../written.ts';
import type { Operator, OperatorTable } from './operator.ts';
import { operator } from './operator.ts';

type Split = Operator<'split'>;
type Branch = Split['branches'][number];

const ending = 'end it with "- NAME: otherwise" or "- rest: dropped"';

const branches: Field<Split> = {
  read(node, at) {
    if (node.kind !== 'list') return wrongKind(node, at, 'a list of branches: their order matters');
    at.child('branches').mark(node);
    const read = { found: [] as Branch[], broken: false, seen: new Map<string, WrittenEntry>() };
    let rest: string | null | undefined;
    for (const item of node.items) {
      const entry = branchEntry(item, at);
      if (entry === undefined) {
        read.broken = true;
        continue;
      }
      if (rest !== undefined) {
        at.error(
          'E017',
          entry.key.span,
          `branch "${entry.key.text}" stands after the end of the split`,
        );
        continue;
      }
      rest = restOf(entry, at);
      if (rest === undefined) readBranch(entry, at, read);
      else if (rest !== null) checkTwice(entry, at, read.seen);
    }
    if (rest === undefined && !read.broken) reportOpenEnd(node, at);
    if (rest === undefined || (read.broken && read.found.length === 0)) return undefined;
    return { branches: read.found, rest };
  },
  schema: {
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      minProperties: 1,
      maxProperties: 1,
      additionalProperties: expression.schema,
    },
  },
  type: 'list of branches',
  tables: [],
};

function branchEntry(item: Written, at: Place): WrittenEntry | undefined {
  const expected = 'a branch, "- NAME: expression"';
  if (item.kind !== 'map') return wrongKind(item, at, expected);
  const [entry, second] = item.entries;
  if (entry === undefined) return wrongKind(item, at, expected);
  if (second !== undefined) {
    at.error('E017', second.key.span, 'one branch per list item: start a new one with "-"');
  }
  return entry;
}

/**
 * Name of the branch that takes the rest, null where the rest is dropped, undefined where the entry
 * is a branch with a condition.
 */
function restOf(entry: WrittenEntry, at: Place): string | null | undefined {
  const { key, value } = entry;
  if (value.kind !== 'scalar' || value.style !== 'plain') return undefined;
  if (value.text === 'otherwise') {
    checkName(key, at);
    at.child('rest', key).mark(key);
    return key.text;
  }
  if (value.text === 'dropped' && key.text === 'rest') {
    at.child('rest', key).mark(value);
    return null;
  }
  return undefined;
}

function readBranch(
  entry: WrittenEntry,
  at: Place,
  read: { found: Branch[]; broken: boolean; seen: Map<string, WrittenEntry> },
): void {
  const place = at.child('branches').child(read.found.length, entry.key);
  checkName(entry.key, place);
  place.mark(entry.value);
  place.child('name').mark(entry.key);
  const when = expression.read(entry.value, place.child('when'));
  const twice = checkTwice(entry, place, read.seen);
  if (when === undefined) {
    place.leaveOut(entry.value);
    read.broken = true;
  } else if (!twice) {
    read.found.push({ name: entry.key.text, when });
  }
}

function checkTwice(entry: WrittenEntry, at: Place, seen: Map<string, WrittenEntry>): boolean {
  const first = seen.get(entry.key.text);
  seen.set(entry.key.text, first ?? entry);
  if (first === undefined) return false;
  at.error('E004', entry.key.span, `branch "${entry.key.text}" is there twice`, {
    notes: [{ message: 'first here', span: first.key.span }],
  });
  return true;
}

function reportOpenEnd(node: WrittenList, at: Place): void {
  at.error('E017', at.ownerSpan(node), 'the split says nothing of the rest', {
    suggestion: ending,
  });
}

/** `split:` */
export const split: OperatorTable = operator({
  kind: 'split',
  doc:
    'Sends each record to the first branch whose condition is true. A branch is an output: `stage.branch`. ' +
    'The list ends with a branch that takes the rest (`otherwise`), or with `rest: dropped`.',
  example: `stages:
  size:
    from: placed
    split:
      - large: value.totalCents >= 100000
      - small: value.totalCents < 1000
      - medium: otherwise
    drop: [small, medium]
  large-only: { from: size.large, split: [usd: value.currency == "USD", rest: dropped], drop: [usd] }
`,
  main: branches,
  beside: {},
});
