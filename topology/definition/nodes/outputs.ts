import { listOf } from '../collections.ts';
import type { OutputDef } from '../definition.ts';
import type { Field } from '../field.ts';
import { checkName, name, typeName, wrongKind } from '../fields.ts';
import { object } from '../object.ts';

const outputType = object<Omit<OutputDef, 'name'>>({
  title: 'output',
  doc: 'One output of a `process` stage.',
  parts: {
    key: { field: typeName, required: true, doc: 'Avro type of the key.' },
    value: { field: typeName, required: true, doc: 'Avro type of the value.' },
  },
});

const names = listOf(name, 'names');

/** `out:` a list of names, or a map from name to types, as `process` needs it. */
export const outputsField: Field<readonly OutputDef[] | readonly string[]> = {
  read(node, at) {
    if (node.kind === 'list') return names.read(node, at);
    if (node.kind !== 'map') {
      return wrongKind(node, at, 'a list of names, or a map from name to key and value');
    }
    const outputs: OutputDef[] = [];
    for (const entry of node.entries) {
      const place = at.child(outputs.length).keyed(entry.key);
      checkName(entry.key, place);
      place.mark(entry.value);
      place.child('name').mark(entry.key);
      const types = outputType.read(entry.value, place);
      if (types === undefined) place.leaveOut(entry.value);
      else outputs.push({ name: entry.key.text, ...types });
    }
    if (node.entries.length === 0) wrongKind(node, at, 'at least one output');
    return outputs.length === 0 ? undefined : outputs;
  },
  schema: {
    anyOf: [
      names.schema,
      { type: 'object', minProperties: 1, additionalProperties: outputType.schema },
    ],
  },
  type: 'list of names, or map from name to key and value',
  tables: outputType.tables,
};
