import { nearestName } from '../core/problem.ts';
import { setOwn, tablesOf } from './collections.ts';
import type { Field, JsonSchema, RowDoc, TableDoc } from './field.ts';
import { wrongKind } from './fields.ts';
import type { Place } from './place.ts';
import type { Written, WrittenEntry, WrittenMap } from './written.ts';

/** The entries of one map by key. */
export type Entries = ReadonlyMap<string, WrittenEntry>;

/** One key of an object, and the property of the definition that it gives. */
export interface Prop<V> {
  readonly field: Field<V>;
  readonly doc: string;
  /** How the key is spelled. @defaultValue the property's name in kebab-case */
  readonly key?: string;
  readonly required?: true;
  /** What holds where the key is absent, for the reference. */
  readonly default?: string;
  /** Put into the definition where the key is absent or its value is wrong. */
  readonly fill?: V;
}

/** Several keys of an object that together give one property of the definition. */
export interface Group<V> {
  readonly keys: Readonly<Record<string, GroupKey>>;
  /** The object is unusable without it; `read` reports that. */
  readonly required: boolean;
  /** The property, or undefined where its keys are absent or wrong. The place is the property's. */
  readonly read: (entries: Entries, at: Place, owner: Written) => V | undefined;
  /** Keywords that say which keys go together. */
  readonly constraints?: readonly JsonSchema[];
}

/** One key of a {@link Group}, as far as documentation and schema go. */
export interface GroupKey {
  readonly field: Pick<Field<unknown>, 'schema' | 'type' | 'tables'>;
  readonly doc: string;
  readonly required?: true;
  readonly default?: string;
}

/** A part for each property of `T`. */
export type Parts<T> = {
  readonly [K in keyof T]-?: Prop<Exclude<T[K], undefined>> | Group<Exclude<T[K], undefined>>;
};

type AnyPart = Prop<unknown> | Group<unknown>;

/** Declaration of a map with fixed keys. */
export interface ObjectTable<T> {
  /** What it is, with its article's noun only: `stream`, `retry`. */
  readonly title: string;
  readonly doc: string;
  readonly example?: string;
  readonly parts: Parts<T>;
  /** Keys of later issues → further keys that belong to them and are passed over in silence. */
  readonly later?: Readonly<Record<string, readonly string[]>>;
  /** All keys are optional, and so is the map itself: `count:` equals `count: {}`. */
  readonly mayBeEmpty?: true;
  /** Last look at the value: reports what single keys cannot know. False: the value is unusable. */
  readonly check?: (value: T, at: Place, owner: WrittenMap) => boolean;
}

/**
 * A map with fixed keys. Unknown keys are errors; a missing or wrong required one makes the whole
 * undefined.
 */
export function object<T extends object>(table: ObjectTable<T>): Field<T> {
  const parts = Object.entries<AnyPart>(table.parts);
  const known = parts.flatMap(([property, part]) =>
    'keys' in part ? Object.keys(part.keys) : [part.key ?? kebabCase(property)],
  );
  const doc: TableDoc = {
    title: table.title,
    doc: table.doc,
    rows: parts.flatMap(([property, part]) => rowsOf(property, part)),
    nested: tablesOf(parts.flatMap(([, part]) => fieldsOf(part))),
    ...(table.example === undefined ? {} : { example: table.example }),
  };
  return {
    read(written, at) {
      const node =
        table.mayBeEmpty && written.kind === 'scalar' && written.style === 'empty'
          ? ({ kind: 'map', span: written.span, entries: [] } as const)
          : written;
      if (node.kind !== 'map') return wrongKind(node, at, `a map (${known.join(', ')})`);
      at.mark(node);
      const value = readParts(parts, node, at, checkKeys(node, at, known, table.later ?? {}));
      if (value === undefined) return undefined;
      return table.check?.(value as T, at, node) === false ? undefined : (value as T);
    },
    schema: objectSchema(table, parts),
    type: 'map',
    tables: [doc],
  };
}

/** A map whose keys are those of one group: their value is the group's itself, not a property. */
export function groupField<V>(table: {
  readonly title: string;
  readonly doc: string;
  readonly example?: string;
  readonly group: Group<V>;
}): Field<V> {
  const { group } = table;
  const shape = object<{ value: unknown }>({ ...table, parts: { value: group } });
  return {
    ...shape,
    read(node, at) {
      const known = Object.keys(group.keys);
      if (node.kind !== 'map') return wrongKind(node, at, `a map (${known.join(', ')})`);
      at.mark(node);
      return group.read(checkKeys(node, at, known, {}).entries, at, node);
    },
  };
}

/** `idempotencyKey` → `idempotency-key`. */
export function kebabCase(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The keys of a map after {@link checkKeys}. */
interface CheckedKeys {
  /**
   * The map's entries by key. One whose key is probably a slip stands under the key that was
   * probably meant.
   */
  readonly entries: Entries;
  /** A key of a later issue is there: then missing keys are no news. */
  readonly later: boolean;
}

/** Reports keys that are unknown or come with a later issue. */
function checkKeys(
  node: WrittenMap,
  at: Place,
  known: readonly string[],
  later: Readonly<Record<string, readonly string[]>>,
): CheckedKeys {
  const present = node.entries.map((entry) => entry.key.text);
  const notYet = present.filter((key) => Object.hasOwn(later, key));
  const silent = new Set(notYet.flatMap((key) => later[key] ?? []));
  const entries = new Map<string, WrittenEntry>();
  for (const entry of node.entries)
    if (known.includes(entry.key.text)) entries.set(entry.key.text, entry);
  for (const entry of node.entries) {
    const { text, span } = entry.key;
    if (known.includes(text) || silent.has(text)) continue;
    if (notYet.includes(text)) {
      at.error('E090', span, `"${text}" is not supported yet`);
      continue;
    }
    const unused = known.filter((candidate) => !entries.has(candidate));
    const near = nearestName(text, unused);
    reportUnknown(entry, near, known, at);
    if (near !== undefined) entries.set(near, entry);
  }
  return { entries, later: notYet.length > 0 };
}

function reportUnknown(
  { key }: WrittenEntry,
  near: string | undefined,
  known: readonly string[],
  at: Place,
): void {
  const merge = key.text === '<<' ? ': YAML 1.2 has no merge keys' : '';
  const report =
    near === undefined
      ? { notes: [{ message: `known here: ${known.join(', ')}` }] }
      : { suggestion: `did you mean "${near}"?` };
  at.error('E003', key.span, `unknown key "${key.text}"${merge}`, report);
}

function readParts(
  parts: readonly (readonly [string, AnyPart])[],
  node: WrittenMap,
  at: Place,
  { entries, later }: CheckedKeys,
): object | undefined {
  const result: Record<string, unknown> = {};
  const missing: string[] = [];
  let broken = false;
  for (const [property, part] of parts) {
    const entry = 'keys' in part ? undefined : entries.get(part.key ?? kebabCase(property));
    let value: unknown;
    if ('keys' in part) {
      value = part.read(entries, at.child(property), node);
    } else if (entry !== undefined) {
      const place = at.child(property, entry.key);
      place.mark(entry.value);
      value = part.field.read(entry.value, place);
    } else if (part.required) {
      missing.push(part.key ?? kebabCase(property));
    }
    if (value === undefined && 'fill' in part) value = part.fill;
    if (value !== undefined) setOwn(result, property, value);
    else if (part.required) broken = true;
  }
  if (missing.length > 0 && !later) reportMissing(missing, node, at);
  return broken ? undefined : result;
}

function reportMissing(missing: readonly string[], node: WrittenMap, at: Place): void {
  const keys = missing.map((key) => `"${key}"`).join(', ');
  const plural = missing.length === 1 ? 'missing key' : 'missing keys';
  at.error('E006', at.ownerSpan(node), `${plural} ${keys}`);
}

function fieldsOf(part: AnyPart): readonly GroupKey['field'][] {
  return 'keys' in part ? Object.values(part.keys).map((key) => key.field) : [part.field];
}

function rowsOf(property: string, part: AnyPart): RowDoc[] {
  const keys: [string, GroupKey][] =
    'keys' in part ? Object.entries(part.keys) : [[part.key ?? kebabCase(property), part]];
  return keys.map(([key, { field, doc, required, default: absent }]) => ({
    key,
    type: field.type,
    required: required === true,
    doc,
    ...(absent === undefined ? {} : { default: absent }),
  }));
}

function objectSchema<T>(
  table: ObjectTable<T>,
  parts: readonly (readonly [string, AnyPart])[],
): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  const allOf: JsonSchema[] = [];
  for (const [property, part] of parts) {
    if ('keys' in part) {
      for (const [key, { field, doc }] of Object.entries(part.keys)) {
        properties[key] = { description: doc, ...field.schema };
      }
      allOf.push(...(part.constraints ?? []));
    } else {
      const key = part.key ?? kebabCase(property);
      properties[key] = { description: part.doc, ...part.field.schema };
      if (part.required) required.push(key);
    }
  }
  return {
    type: table.mayBeEmpty ? ['object', 'null'] : 'object',
    description: table.doc,
    properties,
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    ...(allOf.length === 0 ? {} : { allOf }),
  };
}
