import type {
  EnumSchema,
  FieldSchema,
  NamedSchema,
  ParsedSchema,
  RecordSchema,
  UnionSchema,
} from '../compatibility/parsed-schema.ts';
import { parseSchema } from '../compatibility/parsed-schema.ts';
import { branchPath, canRead, namesAgree, writtenFields } from '../compatibility/read-check.ts';
import { typeWords } from '../compatibility/type-words.ts';
import type { SchemaChange, SchemaDiff } from './schema-change.ts';
import {
  fieldAdded,
  fieldRemoved,
  fieldRenamed,
  quoted,
  symbolsAdded,
  symbolsRemoved,
  typeChanged,
} from './words.ts';

/**
 * The difference between two schemas (JSON texts) in words, and which of them reads the other. Both
 * directions are judged as {@link canRead} does, `readable`: as Millrace's serdes read.
 * @throws {SyntaxError} when one of them is no schema
 */
export function diffSchemas(oldText: string, newText: string): SchemaDiff {
  const [before, after] = [parseSchema(oldText), parseSchema(newText)];
  return {
    backward: canRead(after, before).readable,
    forward: canRead(before, after).readable,
    changes: new Differ().compare(before, after, ''),
  };
}

type Changes = readonly SchemaChange[];

class Differ {
  readonly #seen = new Map<ParsedSchema, Set<ParsedSchema>>();

  compare(before: ParsedSchema, after: ParsedSchema, path: string): Changes {
    const seen = this.#seen.get(before) ?? new Set();
    this.#seen.set(before, seen);
    if (seen.has(after)) return [];
    seen.add(after);
    if (before.kind === 'record' && after.kind === 'record') {
      return [...named(before, after, path), ...this.#fields(before, after, path)];
    }
    if (before.kind === 'enum' && after.kind === 'enum') {
      return [...named(before, after, path), ...symbols(before, after, path)];
    }
    if (before.kind === 'array' && after.kind === 'array') {
      return this.compare(before.items, after.items, `${path}[]`);
    }
    if (before.kind === 'map' && after.kind === 'map') {
      return this.compare(before.values, after.values, `${path}{}`);
    }
    if (before.kind === 'union' && after.kind === 'union') return this.#union(before, after, path);
    if (before.kind === 'fixed' && after.kind === 'fixed' && before.size !== after.size) {
      const message = `${quoted(after.name)} has ${after.size} bytes instead of ${before.size}: neither side reads the other`;
      const change = {
        kind: 'size-changed',
        path,
        message,
        backward: false,
        forward: false,
      } as const;
      return [...named(before, after, path), change];
    }
    const renamed =
      before.kind === 'fixed' && after.kind === 'fixed' ? named(before, after, path) : [];
    if (typeWords(before) === typeWords(after) || renamed.length > 0) return renamed;
    const inner = this.#nullable(before, after, path);
    return [typeChanged(before, after, path), ...inner];
  }

  /** What changed besides, where a type became nullable or ceased to be. */
  #nullable(before: ParsedSchema, after: ParsedSchema, path: string): Changes {
    const [a, b] = [withoutNull(before), withoutNull(after)];
    if (a === undefined || b === undefined || (a === before && b === after)) return [];
    return a.kind === b.kind ? this.compare(a, b, path) : [];
  }

  #fields(before: RecordSchema, after: RecordSchema, path: string): Changes {
    const kept = new Set<FieldSchema>();
    const changes = after.fields.flatMap((field): Changes => {
      const at = pathTo(path, field);
      const candidates = writtenFields(field, before);
      const was = candidates.find(({ name }) => name === field.name) ?? candidates[0];
      if (was === undefined) return [fieldAdded(field, at)];
      const stays = was.name !== field.name && after.fields.some(({ name }) => name === was.name);
      if (stays) return [fieldAdded(field, at, was), ...this.compare(was.type, field.type, at)];
      kept.add(was);
      const renamed = was.name === field.name ? [] : [fieldRenamed(was, field, at)];
      return [...renamed, ...defaults(was, field, at), ...this.compare(was.type, field.type, at)];
    });
    const gone = before.fields.filter((field) => !kept.has(field));
    const removed = gone.map((field) => {
      const [source] = writtenFields(field, after);
      return fieldRemoved(field, pathTo(path, field), source);
    });
    return [...changes, ...removed];
  }

  #union(before: UnionSchema, after: UnionSchema, path: string): Changes {
    const counterpart = (branch: ParsedSchema, others: UnionSchema): ParsedSchema | undefined =>
      others.branches.find((other) => meansTheSame(other, branch));
    const added = after.branches.filter((branch) => counterpart(branch, before) === undefined);
    const removed = before.branches.filter((branch) => counterpart(branch, after) === undefined);
    const changes: SchemaChange[] = [];
    if (added.length > 0) {
      const readable = added.every((branch) => canRead(before, branch).readable);
      const old = readable ? 'old readers read it as what they know' : 'old readers cannot read it';
      const message = `${at(path)} may now be ${added.map(typeWords).join(' or ')}: ${old}`;
      changes.push({ kind: 'branches-added', path, message, backward: true, forward: readable });
    }
    if (removed.length > 0) {
      const readable = removed.every((branch) => canRead(after, branch).readable);
      const next = readable
        ? 'new readers read it as what they know'
        : 'new readers cannot read it';
      const message = `${at(path)} may no longer be ${removed.map(typeWords).join(' or ')}: ${next}`;
      changes.push({ kind: 'branches-removed', path, message, backward: readable, forward: true });
    }
    const inner = after.branches.flatMap((branch): Changes => {
      const was = counterpart(branch, before);
      return was === undefined ? [] : this.compare(was, branch, branchPath(after, branch, path));
    });
    return [...changes, ...inner];
  }
}

function at(path: string): string {
  return path === '' ? 'it' : quoted(path);
}

function pathTo(path: string, { name }: FieldSchema): string {
  return path === '' ? name : `${path}.${name}`;
}

function withoutNull(schema: ParsedSchema): ParsedSchema | undefined {
  if (schema.kind !== 'union') return schema;
  const others = schema.branches.filter(({ kind }) => kind !== 'null');
  return others.length === 1 ? others[0] : undefined;
}

/** Branches that stand for each other: of one kind, and where that has names, of one name. */
function meansTheSame(a: ParsedSchema, b: ParsedSchema): boolean {
  if (a.kind !== b.kind) return false;
  if (!('name' in a))
    return a.kind === 'array' || a.kind === 'map' || typeWords(a) === typeWords(b);
  return namesAgree(a, b as NamedSchema) || namesAgree(b as NamedSchema, a);
}

function named(before: NamedSchema, after: NamedSchema, path: string): Changes {
  if (before.name !== after.name) {
    const backward = namesAgree(after, before);
    const forward = namesAgree(before, after);
    const why = [
      backward ? 'new readers take one for the other' : 'new readers do not, without an alias',
      forward ? 'old readers, too' : 'old readers do not know the new name',
    ];
    const message = `${quoted(before.name)} is now called ${quoted(after.name)}: ${why.join(', ')}`;
    return [{ kind: 'renamed', path, message, backward, forward }];
  }
  return before.doc === after.doc ? [] : [docChanged(quoted(after.name), path)];
}

function docChanged(what: string, path: string): SchemaChange {
  const message = `the doc of ${what} changed: nothing else does`;
  return { kind: 'doc-changed', path, message, backward: true, forward: true };
}

function defaults(before: FieldSchema, after: FieldSchema, path: string): Changes {
  const [was, is] = [JSON.stringify(before.default), JSON.stringify(after.default)];
  const doc = before.doc === after.doc ? [] : [docChanged(quoted(path), path)];
  if (was === is) return doc;
  const what =
    was === undefined
      ? `has the default ${is} now`
      : is === undefined
        ? `has no default any more (it was ${was})`
        : `has the default ${is} instead of ${was}`;
  const message = `field ${quoted(path)} ${what}: it counts where a writer does not have the field`;
  return [{ kind: 'default-changed', path, message, backward: true, forward: true }, ...doc];
}

function symbols(before: EnumSchema, after: EnumSchema, path: string): Changes {
  const added = after.symbols.filter((symbol) => !before.symbols.includes(symbol));
  const removed = before.symbols.filter((symbol) => !after.symbols.includes(symbol));
  return [
    ...(added.length > 0 ? [symbolsAdded(before, added, path)] : []),
    ...(removed.length > 0 ? [symbolsRemoved(after, removed, path)] : []),
  ];
}
