import type { Type } from 'avsc';
import type { AvroField, AvroType, FilePosition, SchemaCatalog } from '../topology/core/avro.ts';
import { ConfigError } from '../topology/core/errors.ts';
import { parseExactJson } from '../topology/core/exact-json.ts';
import type { LongOptions } from './avsc-types.ts';
import { buildType, newRegistry } from './avsc-types.ts';
import { definedName, fullName, primitiveNames, SchemaWriter } from './canonical.ts';
import type { Definitions, PlacedDefinition, SchemaFile, SchemaProblem } from './definitions.ts';
import { placeOf, readDefinitions } from './definitions.ts';
import { defaultNode, failingDefault } from './failing-default.ts';
import type { JsonNode, JsonObject } from './json-scan.ts';
import { member, plainValue, textOf } from './json-scan.ts';
import { decimalAttributes } from './logical-types.ts';

/**
 * What serdes and the registry need of the loaded schemas. Types are given by name or, where they
 * have none (a map, a timestamp), by structure.
 */
export interface AvroSchemas {
  /**
   * JSON text of the whole schema, for registration: every definition that it needs is inside,
   * once; defaults, docs and logical types are kept. Equal schemas give equal text.
   * @throws {ConfigError} SCHEMA_UNKNOWN_TYPE if there is no such type
   */
  canonicalSchema(type: string | AvroType): string;
  /**
   * avsc's type, for encoding and decoding.
   * @throws {ConfigError} SCHEMA_UNKNOWN_TYPE if there is no such type
   */
  codec(type: string | AvroType, options?: LongOptions): Type;
}

/**
 * The types of a set of `.avsc` files, and all that is wrong with the files. Types may refer to
 * types of other files by full name, in any order. A type that has a problem, or that refers to one
 * that has, is not in the catalog.
 */
export function loadCatalog(files: readonly SchemaFile[]): {
  readonly catalog: SchemaCatalog & AvroSchemas;
  readonly problems: readonly SchemaProblem[];
} {
  const definitions = readDefinitions(files);
  const broken = new Set(definitions.broken);
  const problems = [...definitions.problems];
  const registry = newRegistry();
  const codecs = new Map<string, Type>();
  for (const definition of definitions.byName.values()) {
    if (broken.has(definition.name)) continue;
    const failure = buildNamed(definition, definitions, registry, codecs);
    if (failure === undefined) continue;
    broken.add(definition.name);
    problems.push(notAvro(definition, definitions, failure));
  }
  return { catalog: new Catalog(definitions, broken, registry, codecs), problems };
}

function notAvro(
  { name, file, node }: PlacedDefinition,
  { byName }: Definitions,
  failure: string,
): SchemaProblem {
  const field = failingDefault(new SchemaWriter(byName).named(name));
  const at = field === undefined ? undefined : defaultNode(node, field);
  const what = at === undefined ? '' : `field "${field}": `;
  return {
    code: 'S002',
    severity: 'error',
    message: `${name} is not Avro: ${what}${failure}`,
    at: placeOf(file, (at ?? node).start),
  };
}

/**
 * Builds avsc's type; the reason, if it cannot be built (a default that does not fit its field).
 */
function buildNamed(
  { name }: PlacedDefinition,
  { byName }: Definitions,
  registry: ReturnType<typeof newRegistry>,
  codecs: Map<string, Type>,
): string | undefined {
  const built = registry[name];
  if (built !== undefined) {
    codecs.set(name, built);
    return undefined;
  }
  // avsc leaves half-built types in the registry when it throws: build in a copy.
  const trial = Object.assign(newRegistry(), registry);
  try {
    const writer = new SchemaWriter(byName, new Set(Object.keys(registry)));
    codecs.set(name, buildType(writer.named(name), trial));
    Object.assign(registry, trial);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

class Catalog implements SchemaCatalog, AvroSchemas {
  readonly #definitions: ReadonlyMap<string, PlacedDefinition>;
  readonly #registry: ReturnType<typeof newRegistry>;
  readonly #codecs: Map<string, Type>;
  readonly #bigCodecs = new Map<string, Type>();
  readonly #types = new Map<string, AvroType>();
  readonly #names: readonly string[];

  constructor(
    definitions: Definitions,
    broken: ReadonlySet<string>,
    registry: ReturnType<typeof newRegistry>,
    codecs: Map<string, Type>,
  ) {
    this.#definitions = definitions.byName;
    this.#registry = registry;
    this.#codecs = codecs;
    for (const kind of primitiveNames) {
      this.#types.set(kind, { kind } as AvroType);
    }
    const sound = [...definitions.byName.values()].filter((d) => !broken.has(d.name));
    for (const definition of sound) this.#define(definition);
    this.#names = sound.map((d) => d.name).toSorted();
  }

  type(name: string): AvroType | undefined {
    return this.#types.get(name);
  }

  names(): readonly string[] {
    return this.#names;
  }

  at(name: string, field?: string): FilePosition | undefined {
    const definition = this.#definitions.get(name);
    if (definition === undefined) return undefined;
    if (field === undefined) return placeOf(definition.file, definition.node.start);
    const fields = member(definition.node, 'fields');
    if (fields?.kind !== 'array') return undefined;
    const node = fields.items.find(
      (f) => f.kind === 'object' && textOf(member(f, 'name')) === field,
    );
    return node === undefined ? undefined : placeOf(definition.file, node.start);
  }

  canonicalSchema(type: string | AvroType): string {
    const writer = new SchemaWriter(this.#definitions);
    const known = this.#known(type);
    return JSON.stringify(typeof known === 'string' ? writer.named(known) : writer.type(known));
  }

  codec(type: string | AvroType, { longs }: LongOptions = {}): Type {
    const known = this.#known(type);
    if (longs === 'bigint') return this.#bigCodec(known);
    const name = typeof known === 'string' ? known : (nameOf(known) ?? this.canonicalSchema(known));
    const built = this.#codecs.get(name);
    if (built !== undefined) return built;
    const writer = new SchemaWriter(this.#definitions, new Set(Object.keys(this.#registry)));
    const schema = typeof known === 'string' ? writer.named(known) : writer.type(known);
    const made = buildType(schema, this.#registry);
    this.#codecs.set(name, made);
    return made;
  }

  /** Types of which every long is a bigint are in a world of their own, whole. */
  #bigCodec(type: string | AvroType): Type {
    const text = this.canonicalSchema(type);
    let made = this.#bigCodecs.get(text);
    if (made === undefined) {
      made = buildType(parseExactJson(text), newRegistry({ longs: 'bigint' }));
      this.#bigCodecs.set(text, made);
    }
    return made;
  }

  #known(type: string | AvroType): string | AvroType {
    const name = typeof type === 'string' ? type : nameOf(type);
    if (name === undefined || this.#types.has(name)) return type;
    throw new ConfigError(
      'SCHEMA_UNKNOWN_TYPE',
      `there is no Avro type "${name}" among the schemas: known are ${this.#names.join(', ')}`,
    );
  }

  /** The type of a definition; made before its fields, so that a type may hold itself. */
  #define(definition: PlacedDefinition): AvroType {
    const { name, kind, node } = definition;
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const docText = textOf(member(node, 'doc'));
    const doc = docText === undefined ? {} : { doc: docText };
    if (kind === 'record') {
      const fields: AvroField[] = [];
      const record = this.#keep(name, { kind, name, ...doc, fields });
      fields.push(...this.#fields(definition));
      return record;
    }
    if (kind === 'enum') {
      const symbols = plainValue(member(node, 'symbols') as JsonNode) as string[];
      return this.#keep(name, { kind, name, symbols, ...doc });
    }
    const size = plainValue(member(node, 'size') as JsonNode) as number;
    return this.#keep(name, { kind, name, size, ...logicalOf(node) });
  }

  #keep(name: string, type: AvroType): AvroType {
    this.#types.set(name, type);
    return type;
  }

  #fields({ node, namespace }: PlacedDefinition): AvroField[] {
    const fields = member(node, 'fields');
    if (fields?.kind !== 'array') return [];
    return fields.items.map((item) => {
      const field = item as JsonObject;
      const doc = textOf(member(field, 'doc'));
      const fallback = member(field, 'default');
      return {
        name: textOf(member(field, 'name')) as string,
        type: this.#type(member(field, 'type') as JsonNode, namespace),
        ...(doc === undefined ? {} : { doc }),
        hasDefault: fallback !== undefined,
        ...(fallback === undefined ? {} : { default: plainValue(fallback) }),
      };
    });
  }

  #type(node: JsonNode, namespace: string): AvroType {
    if (node.kind === 'array') {
      return { kind: 'union', branches: node.items.map((item) => this.#type(item, namespace)) };
    }
    if (node.kind === 'scalar') return this.#named(fullName(textOf(node) ?? '', namespace));
    const type = member(node, 'type') as JsonNode;
    const kind = textOf(type);
    switch (kind) {
      case 'record':
      case 'error':
      case 'enum':
      case 'fixed':
        return this.#named(definedName(node, namespace));
      case 'array':
        return { kind, items: this.#type(member(node, 'items') as JsonNode, namespace) };
      case 'map':
        return { kind, values: this.#type(member(node, 'values') as JsonNode, namespace) };
      default:
        if (kind === undefined || !primitiveNames.has(kind)) return this.#type(type, namespace);
        return { kind, ...logicalOf(node) } as AvroType;
    }
  }

  #named(name: string): AvroType {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    return this.#define(this.#definitions.get(name) as PlacedDefinition);
  }
}

function nameOf(type: AvroType): string | undefined {
  switch (type.kind) {
    case 'record':
    case 'enum':
    case 'fixed':
      return type.name;
    default:
      return undefined;
  }
}

function logicalOf(node: JsonObject): { logical?: string; precision?: number; scale?: number } {
  const logical = textOf(member(node, 'logicalType'));
  if (logical === undefined) return {};
  if (logical !== 'decimal') return { logical };
  const attribute = (name: string): unknown => {
    const found = member(node, name);
    return found === undefined ? undefined : plainValue(found);
  };
  const size = attribute('size');
  const decimal = decimalAttributes(
    { precision: attribute('precision'), scale: attribute('scale') },
    typeof size === 'number' ? size : undefined,
  );
  // What is no valid decimal is the bytes underneath.
  return decimal === undefined ? {} : { logical, ...decimal };
}
