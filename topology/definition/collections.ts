import type { Field, JsonSchema, TableDoc } from './field.ts';
import { wrongKind } from './fields.ts';
import type { Place } from './place.ts';
import type { Written, WrittenScalar } from './written.ts';

/** A list with at least one item. Items that cannot be read are left out. */
export function listOf<V>(item: Field<V>, plural: string): Field<readonly V[]> {
  return {
    read(node, at) {
      if (node.kind !== 'list') return wrongKind(node, at, `a list of ${plural}`);
      at.mark(node);
      return readItems(node.items, item, at, plural);
    },
    schema: { type: 'array', items: item.schema, minItems: 1 },
    type: `list of ${plural}`,
    tables: item.tables,
  };
}

/** One value, or a list of them. */
export function oneOrMany<V>(item: Field<V>, plural: string): Field<readonly V[]> {
  const list = listOf(item, plural);
  return {
    read(node, at) {
      if (node.kind === 'list') return list.read(node, at);
      at.mark(node);
      const value = item.read(node, at.child(0));
      return value === undefined ? undefined : [value];
    },
    schema: { anyOf: [item.schema, list.schema] },
    type: `${item.type}, or list of ${plural}`,
    tables: item.tables,
  };
}

function readItems<V>(
  items: readonly Written[],
  item: Field<V>,
  at: Place,
  plural: string,
): readonly V[] | undefined {
  if (items.length === 0) {
    at.error('E018', at.key?.span ?? [0, 0], `an empty list: say at least one of the ${plural}`);
    return undefined;
  }
  const values: V[] = [];
  for (const node of items) {
    const place = at.item(values.length);
    const value = item.read(node, place);
    if (value === undefined) place.leaveOut(node);
    else values.push(value);
  }
  return values.length === 0 ? undefined : values;
}

/** What the keys of a map are, and how they look. */
export interface KeyForm {
  /** `stage`, `field`. */
  readonly type: string;
  readonly pattern: RegExp;
  /** Reports a key that has not the form. The entry is kept all the same. */
  readonly check: (key: WrittenScalar, at: Place) => void;
}

/**
 * A map with keys of the author's choice. Entries that cannot be read are left out, and noted as
 * such.
 */
export function mapOf<V>(key: KeyForm, item: Field<V>): Field<Readonly<Record<string, V>>> {
  const schema: JsonSchema = {
    type: 'object',
    propertyNames: { pattern: key.pattern.source },
    additionalProperties: item.schema,
  };
  return {
    read(node, at) {
      if (node.kind !== 'map') return wrongKind(node, at, `a map from ${key.type} to ${item.type}`);
      at.mark(node);
      const values: Record<string, V> = {};
      for (const entry of node.entries) {
        const place = at.child(entry.key.text, entry.key);
        key.check(entry.key, place);
        place.mark(entry.value);
        const value = item.read(entry.value, place);
        if (value === undefined) place.leaveOut(entry.value);
        else setOwn(values, entry.key.text, value);
      }
      return values;
    },
    schema,
    type: `map from ${key.type} to ${item.type}`,
    tables: item.tables,
  };
}

/** Sets a key that an author chose, `__proto__` included. */
export function setOwn<V>(target: Record<string, V>, key: string, value: V): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** All distinct tables of several fields, in order. */
export function tablesOf(fields: readonly { readonly tables: readonly TableDoc[] }[]): TableDoc[] {
  return [...new Set(fields.flatMap((field) => field.tables))];
}
