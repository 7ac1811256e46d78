import { buildType, newRegistry } from './avsc-types.ts';
import type { JsonNode, JsonObject } from './json-scan.ts';
import { member, textOf } from './json-scan.ts';

interface FieldSchema {
  readonly name: string;
  readonly default?: unknown;
}

/**
 * The field of a record whose default does not fit, since avsc names none: the one without which the
 * others can be built. `schema` is the record's, with what it names at its first place; undefined:
 * something else is wrong, or a record in it is.
 */
export function failingDefault(schema: unknown): string | undefined {
  const { fields } = schema as { readonly fields?: readonly FieldSchema[] };
  if (fields === undefined) return undefined;
  const builds = (kept: string | undefined): boolean => {
    const left = fields.map((field) => {
      if (field.name === kept) return field;
      const { default: _, ...rest } = field;
      return rest;
    });
    try {
      buildType({ ...(schema as object), fields: left }, newRegistry());
      return true;
    } catch {
      return false;
    }
  };
  if (!builds(undefined)) return undefined;
  return fields.find((field) => field.default !== undefined && !builds(field.name))?.name;
}

/** Where the default of a field is written in the definition of its record. */
export function defaultNode(record: JsonObject, field: string): JsonNode | undefined {
  const fields = member(record, 'fields');
  if (fields?.kind !== 'array') return undefined;
  const found = fields.items.find(
    (it) => it.kind === 'object' && textOf(member(it, 'name')) === field,
  );
  return found?.kind === 'object' ? member(found, 'default') : undefined;
}
