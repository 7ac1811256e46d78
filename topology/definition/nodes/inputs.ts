import { oneOrMany } from '../collections.ts';
import type { InputDef } from '../definition.ts';
import { expression } from '../expression-field.ts';
import type { Field } from '../field.ts';
import { checkName, ref, wrongKind } from '../fields.ts';
import { exactlyOne, keySpan, readKey } from '../group.ts';
import type { Entries, Group, GroupKey } from '../object.ts';
import { groupField } from '../object.ts';
import type { Place } from '../place.ts';
import type { Written } from '../written.ts';

/** Name of the input where the author wrote only `from`. */
const onlyInput = 'in';

type Feed = Omit<InputDef, 'name'>;

const from = oneOrMany(ref, 'references');

const feedKeys = {
  from: {
    field: from,
    doc: 'What is read: a stream, a table, a stage, or `stage.output`. A list is merged.',
  },
  key: {
    field: expression,
    default: 'the key stays',
    doc: 'Expression of a new key. A repartition topic is used only where something below needs it.',
  },
} satisfies Record<string, GroupKey>;

function readFeed(entries: Entries, at: Place): Feed | undefined {
  const refs = readKey(entries, 'from', at, 'from', from);
  const key = readKey(entries, 'key', at, 'key', expression);
  if (refs === undefined) return undefined;
  return key === undefined ? { from: refs } : { from: refs, key };
}

const feedMap = groupField<Feed>({
  title: 'input',
  doc: 'One of several inputs of a stage.',
  group: {
    keys: { from: { ...feedKeys.from, required: true }, key: feedKeys.key },
    required: true,
    constraints: [{ required: ['from'] }],
    read(entries, at, owner) {
      exactlyOne(entries, ['from'], at, owner);
      return readFeed(entries, at);
    },
  },
});

const namedInputs: Field<readonly InputDef[]> = {
  read(node, at) {
    if (node.kind !== 'map') return wrongKind(node, at, 'a map from input names to references');
    const inputs: InputDef[] = [];
    for (const entry of node.entries) {
      const place = at.child(inputs.length).keyed(entry.key);
      checkName(entry.key, place);
      place.mark(entry.value);
      place.child('name').mark(entry.key);
      const feed = readInput(entry.value, place);
      if (feed === undefined) place.leaveOut(entry.value);
      else inputs.push({ name: entry.key.text, ...feed });
    }
    if (node.entries.length === 0) wrongKind(node, at, 'at least one input');
    return inputs.length === 0 ? undefined : inputs;
  },
  schema: {
    type: 'object',
    minProperties: 1,
    additionalProperties: { anyOf: [from.schema, feedMap.schema] },
  },
  type: 'map from input to reference, or map',
  tables: feedMap.tables,
};

function readInput(node: Written, at: Place): Feed | undefined {
  if (node.kind === 'map') return feedMap.read(node, at);
  const refs = from.read(node, at.child('from'));
  return refs === undefined ? undefined : { from: refs };
}

/** `from:` with an optional `key:`, or several named inputs under `in:`. */
export const inputsGroup: Group<readonly InputDef[]> = {
  keys: {
    ...feedKeys,
    in: {
      field: namedInputs,
      doc: 'Several inputs by name, instead of `from`: what `process` stages have.',
    },
  },
  required: true,
  constraints: [
    { oneOf: [{ required: ['from'] }, { required: ['in'] }] },
    { dependencies: { key: ['from'] } },
  ],
  read(entries, at, owner) {
    const chosen = exactlyOne(entries, ['from', 'in'], at, owner);
    if (chosen === undefined) return undefined;
    if (chosen === 'in') {
      if (entries.has('key')) {
        at.error(
          'E013',
          keySpan(entries, 'key', owner),
          '"key" goes with "from": say the key inside "in"',
        );
      }
      const entry = entries.get('in');
      return entry && namedInputs.read(entry.value, at.keyed(entry.key));
    }
    const entry = entries.get('from');
    const feed = readFeed(entries, at.child(0, entry?.key));
    return feed === undefined ? undefined : [{ name: onlyInput, ...feed }];
  },
};
