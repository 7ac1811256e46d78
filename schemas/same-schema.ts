import { SchemaWriter } from './canonical.ts';
import { readDefinitions } from './definitions.ts';

/**
 * Whether two JSON texts are one schema, spelled differently: white space, order of attributes, names in full or by their namespace. Whatever counts when
 * records are written or read counts here, too: the order of fields, branches and symbols, aliases, defaults, logical types; and so do docs.
 */
export function sameSchema(a: string, b: string): boolean {
  if (a === b) return true;
  const spelled = canonicalText(a);
  return spelled !== undefined && spelled === canonicalText(b);
}

/** Name of a record around a schema: a schema of any kind, named or not, can be the type of its field. */
const around = 'millrace.internal.Around';

/** The text in its one spelling; undefined where it is no schema that stands by itself. Whether defaults fit is not asked: that takes avsc's types, and long. */
function canonicalText(schema: string): string | undefined {
  const text = `{"type":"record","name":"${around}","fields":[{"name":"it","type":${schema}}]}`;
  const { byName, problems } = readDefinitions([{ file: around, text }]);
  return problems.length === 0 ? JSON.stringify(new SchemaWriter(byName).named(around)) : undefined;
}
