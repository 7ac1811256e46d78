import { parseExactJson } from '../../topology/core/exact-json.ts';
import { fullName, primitiveNames } from '../canonical.ts';

/**
 * JSON text of a schema in which the definitions that it names are put in, each where its name stands first. `referenced` are the texts of whole schemas, or
 * of schemas that name each other. Names that nothing defines stay.
 * @throws {SyntaxError} when a text is no JSON
 */
export function inlineReferences(schema: string, referenced: readonly string[]): string {
  if (referenced.length === 0) return schema;
  const definitions = new Map<string, Definition>();
  for (const text of referenced) collect(parseExactJson(text), '', definitions);
  return JSON.stringify(new Inliner(definitions).type(parseExactJson(schema), ''));
}

interface Definition {
  readonly node: Readonly<Record<string, unknown>>;
  /** Namespace in which the definition stands. */
  readonly namespace: string;
}

type Node = Readonly<Record<string, unknown>>;

/** Puts each definition in at its first use; everything after it refers to it by full name. */
class Inliner {
  private readonly definitions: ReadonlyMap<string, Definition>;
  private readonly defined = new Set<string>();

  constructor(definitions: ReadonlyMap<string, Definition>) {
    this.definitions = definitions;
  }

  type(node: unknown, namespace: string): unknown {
    if (Array.isArray(node)) return node.map((branch) => this.type(branch, namespace));
    if (typeof node === 'string') return this.name(node, namespace);
    if (typeof node !== 'object' || node === null) return node;
    const object = node as Node;
    if (isDefinition(object)) return this.definition(object, namespace);
    const { type } = object;
    if (type === 'array') return { ...object, items: this.type(object['items'], namespace) };
    if (type === 'map') return { ...object, values: this.type(object['values'], namespace) };
    return { ...object, type: this.type(type, namespace) };
  }

  private name(name: string, namespace: string): unknown {
    if (primitiveNames.has(name)) return name;
    const full = fullName(name, namespace);
    // As Avro for Java does: what the namespace lacks may be a type without one.
    const found = this.definitions.get(full) ?? this.definitions.get(name);
    if (found === undefined || this.defined.has(full)) return full;
    return this.definition(found.node, found.namespace);
  }

  private definition(node: Node, namespace: string): unknown {
    const { full, inside } = naming(node, namespace);
    if (this.defined.has(full)) return full;
    this.defined.add(full);
    // The full name alone: a namespace beside it would be that of the place it came from.
    const { namespace: _, ...rest } = node;
    const named = { ...rest, name: full, ...(inside === '' ? { namespace: '' } : {}) };
    if (!Array.isArray(node['fields'])) return named;
    const fields = (node['fields'] as readonly Node[]).map((field) => ({
      ...field,
      type: this.type(field['type'], inside),
    }));
    return { ...named, fields };
  }
}

function collect(node: unknown, namespace: string, into: Map<string, Definition>): void {
  if (Array.isArray(node)) {
    for (const branch of node) collect(branch, namespace, into);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const object = node as Node;
  if (!isDefinition(object)) {
    for (const part of ['type', 'items', 'values']) collect(object[part], namespace, into);
    return;
  }
  const { full, inside } = naming(object, namespace);
  if (!into.has(full)) into.set(full, { node: object, namespace });
  if (!Array.isArray(object['fields'])) return;
  for (const field of object['fields'] as readonly Node[]) collect(field['type'], inside, into);
}

function isDefinition({ type, name }: Node): boolean {
  return (
    typeof name === 'string' &&
    (type === 'record' || type === 'error' || type === 'enum' || type === 'fixed')
  );
}

/** Full name of a definition, and the namespace inside it. */
function naming(node: Node, namespace: string): { full: string; inside: string } {
  const own = node['namespace'];
  const full = fullName(node['name'] as string, typeof own === 'string' ? own : namespace);
  const dot = full.lastIndexOf('.');
  return { full, inside: dot < 0 ? '' : full.slice(0, dot) };
}
