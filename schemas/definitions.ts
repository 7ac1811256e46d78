import type { FilePosition } from '../topology/core/avro.ts';
import type { NamedDefinition } from './canonical.ts';
import { definedName, fullName, primitiveNames } from './canonical.ts';
import type { JsonNode, JsonObject } from './json-scan.ts';
import { JsonSyntaxError, lineAndColumn, member, scanJson, textOf } from './json-scan.ts';
import { nearestName } from '../topology/core/problem.ts';

/** The text of one `.avsc` file, and the name to report it by. */
export interface SchemaFile {
  readonly file: string;
  readonly text: string;
}

/**
 * One finding about a schema file. `S001` not JSON, `S002` not Avro, `S003` a type that is not
 * defined, `S004` a type defined twice.
 */
export interface SchemaProblem {
  readonly code: 'S001' | 'S002' | 'S003' | 'S004';
  readonly severity: 'error';
  readonly message: string;
  readonly at: FilePosition;
  readonly suggestion?: string;
  readonly notes?: readonly { readonly message: string; readonly at?: FilePosition }[];
}

/** A definition and where it stands. */
export interface PlacedDefinition extends NamedDefinition {
  readonly file: SchemaFile;
}

/** What the files define, and what is wrong with them. */
export interface Definitions {
  readonly byName: ReadonlyMap<string, PlacedDefinition>;
  /** Names of definitions that have a problem, themselves or in what they refer to. */
  readonly broken: ReadonlySet<string>;
  readonly problems: readonly SchemaProblem[];
}

/** Where an offset of a file is. */
export function placeOf(file: SchemaFile, offset: number): FilePosition {
  return { file: file.file, ...lineAndColumn(file.text, offset) };
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const simpleNamePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads all definitions of the files and checks their form and the names they use. References may
 * go to any file, in any order.
 */
export function readDefinitions(files: readonly SchemaFile[]): Definitions {
  return new DefinitionReader().read(files);
}

interface Reference {
  readonly from: string | undefined;
  readonly to: string;
  readonly file: SchemaFile;
  readonly start: number;
}

interface Scope {
  readonly file: SchemaFile;
  readonly namespace: string;
  /** The definition around; undefined at the root of a file. */
  readonly owner: string | undefined;
}

class DefinitionReader {
  readonly #byName = new Map<string, PlacedDefinition>();
  readonly #broken = new Set<string>();
  readonly #problems: SchemaProblem[] = [];
  readonly #references: Reference[] = [];

  read(files: readonly SchemaFile[]): Definitions {
    for (const file of files) {
      const root = this.#scan(file);
      if (root !== undefined) this.#type(root, { file, namespace: '', owner: undefined });
    }
    this.#resolve();
    return { byName: this.#byName, broken: this.#broken, problems: this.#problems };
  }

  #scan(file: SchemaFile): JsonNode | undefined {
    try {
      return scanJson(file.text);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      const at = placeOf(file, error.offset);
      this.#problems.push({ code: 'S001', severity: 'error', message: error.message, at });
      return undefined;
    }
  }

  #type(node: JsonNode | undefined, scope: Scope, place?: JsonNode): void {
    if (node === undefined) return this.#bad(scope, place, 'a type is missing here');
    if (node.kind === 'array') return this.#union(node.items, scope, node);
    if (node.kind === 'scalar') return this.#name(node, scope);
    const type = member(node, 'type');
    const kind = textOf(type);
    switch (kind) {
      case 'record':
      case 'error':
      case 'enum':
      case 'fixed':
        return this.#define(node, kind === 'error' ? 'record' : kind, scope);
      case 'array':
        return this.#type(member(node, 'items'), scope, node);
      case 'map':
        return this.#type(member(node, 'values'), scope, node);
      default:
        return this.#type(type, scope, node);
    }
  }

  #name(node: JsonNode, scope: Scope): void {
    const name = textOf(node);
    if (name === undefined) return this.#bad(scope, node, 'a type is a name, an object or a list');
    if (primitiveNames.has(name)) return;
    const to = fullName(name, scope.namespace);
    this.#references.push({ from: scope.owner, to, file: scope.file, start: node.start });
  }

  #union(branches: readonly JsonNode[], scope: Scope, node: JsonNode): void {
    if (branches.length === 0 && scope.owner !== undefined) {
      this.#bad(scope, node, 'a union needs at least one branch');
    }
    for (const branch of branches) {
      if (branch.kind === 'array') this.#bad(scope, branch, 'a union may not hold a union');
      else this.#type(branch, scope);
    }
  }

  #define(node: JsonObject, kind: PlacedDefinition['kind'], scope: Scope): void {
    const name = definedName(node, scope.namespace);
    if (!namePattern.test(name)) {
      return this.#bad(scope, member(node, 'name') ?? node, `this ${kind} needs a name`);
    }
    const { file } = scope;
    const before = this.#byName.get(name);
    if (before !== undefined) {
      this.#problems.push({
        code: 'S004',
        severity: 'error',
        message: `${name} is defined twice`,
        at: placeOf(file, node.start),
        notes: [{ message: 'first defined', at: placeOf(before.file, before.node.start) }],
      });
      this.#broken.add(name);
      return;
    }
    const namespace = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
    this.#byName.set(name, { name, kind, namespace, node, file });
    const inside: Scope = { file, namespace, owner: name };
    // An inner definition is referred to by the one around it: what breaks it breaks both.
    this.#references.push({ from: scope.owner, to: name, file, start: node.start });
    if (kind === 'record') this.#fields(node, inside);
    else if (kind === 'enum') this.#symbols(node, inside);
    else this.#size(node, inside);
  }

  #fields(node: JsonObject, scope: Scope): void {
    const fields = member(node, 'fields');
    if (fields?.kind !== 'array') {
      return this.#bad(scope, fields ?? node, 'a record needs a list of "fields"');
    }
    const seen = new Set<string>();
    for (const field of fields.items) {
      if (field.kind !== 'object') {
        this.#bad(scope, field, 'a field is an object with "name" and "type"');
        continue;
      }
      const nameNode = member(field, 'name');
      const name = textOf(nameNode) ?? '';
      if (!simpleNamePattern.test(name) || name === '__proto__') {
        this.#bad(scope, nameNode ?? field, `"${name}" cannot be the name of a field`);
      } else if (seen.has(name)) {
        this.#bad(scope, nameNode ?? field, `field "${name}" is there twice`);
      }
      seen.add(name);
      const type = member(field, 'type');
      if (type === undefined) this.#bad(scope, field, `field "${name}" has no type`);
      else this.#type(type, scope);
    }
  }

  #symbols(node: JsonObject, scope: Scope): void {
    const symbols = member(node, 'symbols');
    if (symbols?.kind !== 'array' || symbols.items.length === 0) {
      return this.#bad(scope, symbols ?? node, 'an enum needs a list of "symbols"');
    }
    const seen = new Set<string>();
    for (const item of symbols.items) {
      const symbol = textOf(item) ?? '';
      if (!simpleNamePattern.test(symbol)) {
        this.#bad(scope, item, `"${symbol}" cannot be a symbol of an enum`);
      } else if (seen.has(symbol)) this.#bad(scope, item, `symbol "${symbol}" is there twice`);
      seen.add(symbol);
    }
  }

  #size(node: JsonObject, scope: Scope): void {
    const size = member(node, 'size');
    const value = size?.kind === 'scalar' ? size.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return;
    this.#bad(scope, size ?? node, 'a fixed type needs a "size" in bytes');
  }

  #bad(scope: Scope, node: JsonNode | undefined, message: string): void {
    const at = placeOf(scope.file, node?.start ?? 0);
    this.#problems.push({ code: 'S002', severity: 'error', message, at });
    if (scope.owner !== undefined) this.#broken.add(scope.owner);
  }

  /** Reports names that nothing defines, then marks as broken what refers to something broken. */
  #resolve(): void {
    for (const { from, to, file, start } of this.#references) {
      if (this.#byName.has(to)) continue;
      const nearest = nearestName(to, [...this.#byName.keys(), ...primitiveNames]);
      this.#problems.push({
        code: 'S003',
        severity: 'error',
        message: `there is no type "${to}"`,
        at: placeOf(file, start),
        ...(nearest === undefined ? {} : { suggestion: `did you mean "${nearest}"?` }),
      });
      if (from !== undefined) this.#broken.add(from);
    }
    for (let before = -1; before !== this.#broken.size;) {
      before = this.#broken.size;
      for (const { from, to } of this.#references) {
        if (from !== undefined && this.#broken.has(to)) this.#broken.add(from);
      }
    }
  }
}
