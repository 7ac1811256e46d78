import { listOf } from '../collections.ts';
import type { SinkDef } from '../definition.ts';
import { expression } from '../expression-field.ts';
import type { Field } from '../field.ts';
import { name, scalarText, wrongKind } from '../fields.ts';
import { object } from '../object.ts';
import type { Place } from '../place.ts';
import type { WrittenEntry } from '../written.ts';
import { valueGroup } from './functions.ts';

type Projected = Omit<Extract<SinkDef, { readonly stream: string }>, 'stream'>;
type Chosen = Extract<SinkDef, { readonly by: string }>;

const projected = object<Projected>({
  title: 'sink',
  doc: 'What is written to one stream: `to: [ { NAME: { as: …, set: … } } ]`. Without keys of its own the record goes as it is.',
  parts: {
    key: { field: expression, default: 'the key stays', doc: 'Expression of the key written.' },
    value: valueGroup(false),
  },
});

const chosen = object<Chosen>({
  title: 'dynamic sink',
  doc: 'A stream chosen for each record.',
  parts: {
    by: { field: expression, required: true, doc: 'Expression that gives the name of a stream.' },
    among: {
      field: listOf(name, 'streams'),
      required: true,
      doc: 'The streams that may be chosen. Another name is a failure of the record.',
    },
  },
});

const sink: Field<SinkDef> = {
  read(node, at) {
    at.mark(node);
    if (node.kind !== 'map') {
      const stream = scalarText(node, at.child('stream'), 'the name of a stream');
      return stream === undefined ? undefined : { stream };
    }
    if (node.entries.some(({ key }) => key.text === 'by' || key.text === 'among')) {
      return chosen.read(node, at);
    }
    const [entry, second] = node.entries;
    if (entry === undefined) return wrongKind(node, at, 'the name of a stream');
    if (second !== undefined) {
      at.error('E017', second.key.span, 'one stream per list item: start a new one with "-"');
    }
    return readProjected(entry, at);
  },
  schema: {
    anyOf: [
      { type: 'string' },
      chosen.schema,
      {
        type: 'object',
        minProperties: 1,
        maxProperties: 1,
        propertyNames: { not: { enum: ['by', 'among'] } },
        additionalProperties: projected.schema,
      },
    ],
  },
  type: 'stream, or map from stream to sink, or dynamic sink',
  tables: [...projected.tables, ...chosen.tables],
};

function readProjected(entry: WrittenEntry, at: Place): SinkDef | undefined {
  const place = at.keyed(entry.key);
  place.child('stream').mark(entry.key);
  const rest = projected.read(entry.value, place);
  return rest === undefined ? undefined : { stream: entry.key.text, ...rest };
}

const list = listOf(sink, 'streams');

/** `to:` one stream, a dynamic sink, or a list of streams with projections. */
export const sinksField: Field<readonly SinkDef[]> = {
  read(node, at) {
    if (node.kind === 'list') return list.read(node, at);
    at.mark(node);
    if (node.kind === 'map' && !node.entries.some(({ key }) => key.text === 'by')) {
      return wrongKind(node, at, 'a stream, a list of streams, or "by" and "among"');
    }
    const value = sink.read(node, at.child(0));
    return value === undefined ? undefined : [value];
  },
  schema: { anyOf: [{ type: 'string' }, chosen.schema, list.schema] },
  type: 'stream, list of streams and sinks, or dynamic sink',
  tables: list.tables,
};
