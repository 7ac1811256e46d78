import type { AvroPrimitive, AvroType } from '../topology/core/avro.ts';
import type { JsonNode, JsonObject } from './json-scan.ts';
import { member, plainValue, textOf } from './json-scan.ts';

/** Names of Avro's primitive types. */
export const primitiveNames: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

/** A named type as it stands in a file: its JSON and the namespace around it. */
export interface NamedDefinition {
  readonly name: string;
  readonly kind: 'record' | 'enum' | 'fixed';
  /** Namespace that names inside it are looked up in. */
  readonly namespace: string;
  readonly node: JsonObject;
}

/** `name` as a full name: primitives and dotted names are, others belong to the namespace. */
export function fullName(name: string, namespace: string): string {
  if (name.includes('.') || primitiveNames.has(name) || namespace === '') return name;
  return `${namespace}.${name}`;
}

/** Attributes in the order in which they are written; all others follow by name. */
const attributeOrder = ['type', 'name', 'doc', 'aliases', 'symbols', 'size', 'items', 'values'];
const skipped = new Set([...attributeOrder, 'namespace', 'fields', 'default', 'order']);

/**
 * Schema values (plain JSON) from definitions: names in full, each definition in place where it is
 * first met and by name from then on, attributes in a fixed order. `defined` holds the names that
 * are taken as known; it is added to.
 */
export class SchemaWriter {
  readonly #definitions: ReadonlyMap<string, NamedDefinition>;
  readonly #defined: Set<string>;

  constructor(definitions: ReadonlyMap<string, NamedDefinition>, defined = new Set<string>()) {
    this.#definitions = definitions;
    this.#defined = defined;
  }

  /** The schema of a named or primitive type. */
  named(name: string): unknown {
    const definition = this.#definitions.get(name);
    if (definition === undefined || this.#defined.has(name)) return name;
    this.#defined.add(name);
    return this.#definition(definition);
  }

  /** The schema of a type, by structure where it has no name. */
  type(type: AvroType): unknown {
    switch (type.kind) {
      case 'record':
      case 'enum':
      case 'fixed':
        return this.named(type.name);
      case 'array':
        return { type: 'array', items: this.type(type.items) };
      case 'map':
        return { type: 'map', values: this.type(type.values) };
      case 'union':
        return type.branches.map((branch) => this.type(branch));
      default:
        return primitive(type);
    }
  }

  #node(node: JsonNode, namespace: string): unknown {
    if (node.kind === 'array') return node.items.map((item) => this.#node(item, namespace));
    if (node.kind === 'scalar') return this.named(fullName(textOf(node) ?? '', namespace));
    const type = member(node, 'type');
    const kind = textOf(type);
    if (type !== undefined && (kind === undefined || this.#isReference(kind, namespace))) {
      return this.#node(type, namespace);
    }
    if (kind === 'record' || kind === 'error' || kind === 'enum' || kind === 'fixed') {
      return this.named(definedName(node, namespace));
    }
    const schema: Record<string, unknown> = { type: kind };
    const inner = kind === 'array' ? 'items' : kind === 'map' ? 'values' : undefined;
    const innerNode = inner === undefined ? undefined : member(node, inner);
    if (inner !== undefined && innerNode !== undefined) {
      schema[inner] = this.#node(innerNode, namespace);
    }
    addOthers(schema, node);
    return Object.keys(schema).length === 1 ? kind : schema;
  }

  #isReference(name: string, namespace: string): boolean {
    return this.#definitions.has(fullName(name, namespace));
  }

  #definition({ name, node, namespace }: NamedDefinition): unknown {
    const schema: Record<string, unknown> = { type: textOf(member(node, 'type')), name };
    addMember(schema, node, 'doc');
    addAliases(schema, node, namespace);
    for (const key of ['symbols', 'size', 'default']) addMember(schema, node, key);
    const fields = member(node, 'fields');
    if (fields?.kind === 'array') {
      schema['fields'] = fields.items.map((f) => this.#field(f as JsonObject, namespace));
    }
    addOthers(schema, node);
    return schema;
  }

  #field(node: JsonObject, namespace: string): unknown {
    const field: Record<string, unknown> = { name: textOf(member(node, 'name')) };
    addMember(field, node, 'doc');
    field['type'] = this.#node(member(node, 'type') as JsonNode, namespace);
    for (const key of ['default', 'order', 'aliases']) addMember(field, node, key);
    addOthers(field, node);
    return field;
  }
}

/** The full name that a definition gives its type. */
export function definedName(node: JsonObject, namespace: string): string {
  const name = textOf(member(node, 'name')) ?? '';
  return fullName(name, textOf(member(node, 'namespace')) ?? namespace);
}

function primitive({ kind, logical, precision, scale }: AvroPrimitive): unknown {
  if (logical === undefined) return kind;
  const decimal = precision === undefined ? {} : { precision, scale };
  return { type: kind, logicalType: logical, ...decimal };
}

function addMember(target: Record<string, unknown>, node: JsonObject, key: string): void {
  const value = member(node, key);
  if (value !== undefined) target[key] = plainValue(value);
}

function addAliases(target: Record<string, unknown>, node: JsonObject, namespace: string): void {
  const aliases = member(node, 'aliases');
  if (aliases?.kind !== 'array') return;
  target['aliases'] = aliases.items.map((a) => fullName(textOf(a) ?? '', namespace));
}

function addOthers(target: Record<string, unknown>, node: JsonObject): void {
  const others = node.members.filter((m) => !skipped.has(m.key) && !(m.key in target));
  for (const { key, value } of others.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    target[key] = plainValue(value);
  }
}
