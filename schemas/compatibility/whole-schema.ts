import type { FieldSchema, NamedSchema, ParsedSchema } from './parsed-schema.ts';

/**
 * The JSON of a parsed schema, as avsc takes it: every name in full, each definition where it stands
 * first. avsc itself does not find a type without a namespace from inside of one that has one, and
 * takes no schema in an object of its own (`{"type": {"type": "string"}}`); Avro for Java, and so
 * registries, do.
 *
 * `defaults` are needed by who reads, not by who wrote: a writer's may be what no number here can be.
 * @throws {Error} when two definitions have one name
 */
export function wholeSchema(schema: ParsedSchema, { defaults }: { defaults: boolean }): unknown {
  return new Writer(defaults).type(schema);
}

class Writer {
  readonly #defaults: boolean;
  readonly #defined = new Map<string, NamedSchema>();

  constructor(defaults: boolean) {
    this.#defaults = defaults;
  }

  type(schema: ParsedSchema): unknown {
    switch (schema.kind) {
      case 'record':
      case 'enum':
      case 'fixed':
        return this.#named(schema);
      case 'array':
        return { type: 'array', items: this.type(schema.items) };
      case 'map':
        return { type: 'map', values: this.type(schema.values) };
      case 'union':
        return schema.branches.map((branch) => this.type(branch));
      default:
        return schema.logical === undefined
          ? schema.kind
          : { type: schema.kind, ...logical(schema) };
    }
  }

  #named(schema: NamedSchema): unknown {
    const name = absolute(schema.name);
    const before = this.#defined.get(name);
    if (before === schema) return name;
    if (before !== undefined) throw new Error(`${schema.name} is defined twice`);
    this.#defined.set(name, schema);
    const head = { type: schema.kind, name, aliases: schema.aliases.map(absolute) };
    switch (schema.kind) {
      case 'record':
        return { ...head, fields: schema.fields.map((field) => this.#field(field)) };
      case 'enum': {
        const fallback = this.#defaults && schema.default !== undefined;
        const { symbols } = schema;
        return { ...head, symbols, ...(fallback ? { default: schema.default } : {}) };
      }
      case 'fixed':
        return { ...head, size: schema.size, ...logical(schema) };
    }
  }

  #field({ name, type, aliases, hasDefault, default: value }: FieldSchema): unknown {
    const own = this.#defaults && hasDefault ? { default: value } : {};
    return { name, type: this.type(type), aliases, ...own };
  }
}

/** A name that is not looked up in the namespace around it. */
function absolute(name: string): string {
  return name.includes('.') ? name : `.${name}`;
}

interface Logical {
  readonly logical?: string;
  readonly precision?: number;
  readonly scale?: number;
}

function logical({ logical: logicalType, precision, scale }: Logical): object {
  if (logicalType === undefined) return {};
  return { logicalType, ...(precision === undefined ? {} : { precision, scale }) };
}
