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

/**
 * Kind of a schema whose bytes hold no schema id where it is a key, or a value in a store: those of
 * Kafka's own serializer. Undefined: its bytes name the schema that wrote them.
 */
export function bareKind(text: string): string | undefined {
  const schema: unknown = JSON.parse(text);
  const kind = typeof schema === 'string' ? schema : (schema as { type?: unknown }).type;
  return typeof kind === 'string' && !withId.has(kind) ? kind : undefined;
}

const withId: ReadonlySet<string> = new Set(['null', 'record', 'enum', 'fixed', 'array', 'map']);

/** Name of the type for messages: the full name, or its structure where it has none. */
export function nameOfSchema(text: string): string {
  const schema: unknown = JSON.parse(text);
  if (typeof schema === 'string') return schema;
  const { name, type, logicalType } = schema as Readonly<Record<string, unknown>>;
  for (const part of [name, logicalType, type]) if (typeof part === 'string') return part;
  return text;
}
