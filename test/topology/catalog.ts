import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AvroField, AvroType, SchemaCatalog } from '../../topology/core/avro.ts';

type Json = string | Json[] | { readonly [key: string]: unknown };

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];

/** A catalog of Avro schemas given as JSON values. Types may name each other in any order. */
export function catalogOf(...schemas: readonly Json[]): SchemaCatalog {
  const written = new Map<string, { schema: { readonly [key: string]: unknown }; space: string }>();
  const types = new Map<string, AvroType>();

  function collect(schema: unknown, space: string): void {
    if (Array.isArray(schema)) for (const branch of schema) collect(branch, space);
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return;
    const json = schema as { readonly [key: string]: unknown };
    const own = typeof json['namespace'] === 'string' ? json['namespace'] : space;
    if (json['type'] === 'record' || json['type'] === 'enum') {
      written.set(fullName(String(json['name']), own), { schema: json, space: own });
      for (const field of (json['fields'] ?? []) as { type: unknown }[]) collect(field.type, own);
    } else {
      collect(json['items'], own);
      collect(json['values'], own);
    }
  }

  function named(name: string): AvroType {
    const known = types.get(name);
    if (known !== undefined) return known;
    const found = written.get(name);
    if (found === undefined) throw new Error(`no type ${name}`);
    const { schema, space } = found;
    if (schema['type'] === 'enum') {
      const made: AvroType = { kind: 'enum', name, symbols: schema['symbols'] as string[] };
      types.set(name, made);
      return made;
    }
    const fields: AvroField[] = [];
    const made: AvroType = { kind: 'record', name, fields };
    types.set(name, made);
    for (const field of schema['fields'] as { name: string; type: Json; default?: unknown }[]) {
      const hasDefault = 'default' in field;
      const plain = { name: field.name, type: parse(field.type, space), hasDefault };
      fields.push(hasDefault ? { ...plain, default: field.default } : plain);
    }
    return made;
  }

  function parse(schema: Json, space: string): AvroType {
    if (typeof schema === 'string') {
      if (primitives.includes(schema)) return { kind: schema as 'string' };
      return named(written.has(schema) ? schema : fullName(schema, space));
    }
    if (Array.isArray(schema)) {
      return { kind: 'union', branches: schema.map((branch) => parse(branch, space)) };
    }
    const { type, logicalType } = schema;
    switch (type) {
      case 'record':
      case 'enum': {
        const own = typeof schema['namespace'] === 'string' ? schema['namespace'] : space;
        return named(fullName(String(schema['name']), own));
      }
      case 'array':
        return { kind: 'array', items: parse(schema['items'] as Json, space) };
      case 'map':
        return { kind: 'map', values: parse(schema['values'] as Json, space) };
      default: {
        const kind = { kind: type as 'long' };
        return typeof logicalType === 'string' ? { ...kind, logical: logicalType } : kind;
      }
    }
  }

  for (const schema of schemas) collect(schema, '');
  for (const name of written.keys()) named(name);
  return {
    type: (name) =>
      types.get(name) ?? (primitives.includes(name) ? { kind: name as 'string' } : undefined),
    names: () => [...types.keys()].sort((a, b) => (a < b ? -1 : 1)),
    at: () => undefined,
  };
}

function fullName(name: string, space: string): string {
  return name.includes('.') || space === '' ? name : `${space}.${name}`;
}

/** A record schema: field → type. */
export function record(name: string, fields: Readonly<Record<string, unknown>>): Json {
  return {
    type: 'record',
    name,
    fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
  };
}

/** The schemas of the order system, read from its folder. */
export function ordersCatalog(): SchemaCatalog {
  const folder = join(import.meta.dirname, '../../schemas/orders');
  const files = readdirSync(folder).filter((file) => file.endsWith('.avsc'));
  return catalogOf(
    ...files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Json),
  );
}
