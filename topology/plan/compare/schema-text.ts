/**
 * The JSON text of an Avro schema without its docs, which change nothing that runs. A default that
 * looks like a schema stays as it is.
 */
export function withoutDocs(text: string): string {
  return JSON.stringify(bare(JSON.parse(text)));
}

function bare(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(bare);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([name]) => name !== 'doc');
  return Object.fromEntries(kept.map(([name, part]) => [name, inner(name, part)]));
}

function inner(name: string, part: unknown): unknown {
  if (name === 'type' || name === 'items' || name === 'values') return bare(part);
  return name === 'fields' && Array.isArray(part) ? part.map(bare) : part;
}

/** Name of the type for messages: the full name, or its structure where it has none. */
export function nameOfSchema(text: string): string {
  const schema: unknown = JSON.parse(text);
  if (typeof schema === 'string') return schema;
  const { name, type, logicalType } = schema as Readonly<Record<string, unknown>>;
  for (const part of [name, logicalType, type]) if (typeof part === 'string') return part;
  return text;
}
