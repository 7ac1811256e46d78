import { parseExactJson } from '../../topology/core/exact-json.ts';
import { fullName, primitiveNames } from '../canonical.ts';
import { decimalAttributes } from '../logical-types.ts';

/**
 * A schema as it takes part in comparisons: names in full, references resolved (a recursive type is
 * cyclic), nothing but what comparing needs.
 */
export type ParsedSchema =
  PrimitiveSchema | RecordSchema | EnumSchema | FixedSchema | ArraySchema | MapSchema | UnionSchema;

/** Present where the schema has a valid logical type. */
interface Logical {
  readonly logical?: string;
  /** Of a decimal. */
  readonly precision?: number;
  readonly scale?: number;
}

export interface PrimitiveSchema extends Logical {
  readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';
}

/** A record, an enum or a fixed type. */
interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly doc?: string;
}

export interface RecordSchema extends Named {
  readonly kind: 'record';
  readonly fields: readonly FieldSchema[];
}

export interface FieldSchema {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: ParsedSchema;
  readonly hasDefault: boolean;
  /** In Avro's JSON. Present exactly where `hasDefault` is true. */
  readonly default?: unknown;
  readonly doc?: string;
}

export interface EnumSchema extends Named {
  readonly kind: 'enum';
  readonly symbols: readonly string[];
  readonly default?: string;
}

export interface FixedSchema extends Named, Logical {
  readonly kind: 'fixed';
  readonly size: number;
}

export interface ArraySchema {
  readonly kind: 'array';
  readonly items: ParsedSchema;
}

export interface MapSchema {
  readonly kind: 'map';
  readonly values: ParsedSchema;
}

export interface UnionSchema {
  readonly kind: 'union';
  readonly branches: readonly ParsedSchema[];
}

/** A record, an enum or a fixed type. */
export type NamedSchema = RecordSchema | EnumSchema | FixedSchema;

/**
 * The schema that a JSON text is. `buildType` finds what else may be wrong with it: defaults that do
 * not fit, names that are none.
 * @throws {SyntaxError} when the text is not JSON, or refers to a type that it does not define
 */
export function parseSchema(text: string): ParsedSchema {
  return new Parser().type(parseExactJson(text), '');
}

type Json = Readonly<Record<string, unknown>>;

class Parser {
  readonly #named = new Map<string, NamedSchema>();

  type(json: unknown, namespace: string): ParsedSchema {
    if (typeof json === 'string') return this.#reference(json, namespace);
    if (Array.isArray(json)) {
      return { kind: 'union', branches: json.map((branch) => this.type(branch, namespace)) };
    }
    if (typeof json !== 'object' || json === null) throw bad(json, 'is no schema');
    const node = json as Json;
    const { type } = node;
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(node, namespace);
      case 'enum':
        return this.#enum(node, namespace);
      case 'fixed':
        return this.#fixed(node, namespace);
      case 'array':
        return { kind: 'array', items: this.type(node['items'], namespace) };
      case 'map':
        return { kind: 'map', values: this.type(node['values'], namespace) };
      default:
        if (typeof type === 'string' && primitiveNames.has(type)) {
          return { kind: type, ...logicalOf(node) } as PrimitiveSchema;
        }
        return this.type(type, namespace);
    }
  }

  #reference(name: string, namespace: string): ParsedSchema {
    if (primitiveNames.has(name)) return { kind: name } as PrimitiveSchema;
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name);
    if (found === undefined) throw bad(name, 'is a type that the schema does not define');
    return found;
  }

  /** Known before its parts are read, since they may refer to it. */
  #define<S extends NamedSchema>(schema: S): S {
    this.#named.set(schema.name, schema);
    return schema;
  }

  #record(node: Json, outer: string): RecordSchema {
    const named = namedOf(node, outer);
    const namespace = namespaceOf(named.name);
    const fields: FieldSchema[] = [];
    const record = this.#define({ kind: 'record', ...named, fields });
    for (const field of listOf(node, 'fields')) {
      const json = field as Json;
      fields.push({
        name: String(json['name']),
        aliases: textsOf(json, 'aliases'),
        type: this.type(json['type'], namespace),
        hasDefault: json['default'] !== undefined,
        ...(json['default'] === undefined ? {} : { default: json['default'] }),
        ...docOf(json),
      });
    }
    return record;
  }

  #enum(node: Json, outer: string): EnumSchema {
    const fallback = node['default'];
    return this.#define({
      kind: 'enum',
      ...namedOf(node, outer),
      symbols: textsOf(node, 'symbols'),
      ...(typeof fallback === 'string' ? { default: fallback } : {}),
    });
  }

  #fixed(node: Json, outer: string): FixedSchema {
    const size = Number(node['size']);
    return this.#define({
      kind: 'fixed',
      ...namedOf(node, outer),
      size,
      ...logicalOf(node, size),
    });
  }
}

function namedOf(node: Json, outer: string): Named {
  const { name, namespace } = node;
  if (typeof name !== 'string') throw bad(node, 'needs a name');
  const full = fullName(name, typeof namespace === 'string' ? namespace : outer);
  const inside = namespaceOf(full);
  const aliases = textsOf(node, 'aliases').map((alias) => fullName(alias, inside));
  return { name: full, aliases, ...docOf(node) };
}

function namespaceOf(name: string): string {
  return name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
}

function docOf({ doc }: Json): { doc?: string } {
  return typeof doc === 'string' ? { doc } : {};
}

function logicalOf(node: Json, size?: number): Logical {
  const { logicalType } = node;
  if (typeof logicalType !== 'string') return {};
  if (logicalType !== 'decimal') return { logical: logicalType };
  const decimal = decimalAttributes(node, size);
  return decimal === undefined ? {} : { logical: logicalType, ...decimal };
}

function listOf(node: Json, key: string): readonly unknown[] {
  const list = node[key];
  if (Array.isArray(list)) return list;
  if (list === undefined && key === 'aliases') return [];
  throw bad(node, `needs a list of "${key}"`);
}

function textsOf(node: Json, key: string): readonly string[] {
  return listOf(node, key).map(String);
}

function bad(json: unknown, reason: string): SyntaxError {
  const text = JSON.stringify(json) ?? 'nothing';
  return new SyntaxError(`${text.length > 80 ? `${text.slice(0, 79)}…` : text} ${reason}`);
}
