import { widening } from '../logical-types.ts';
import type {
  EnumSchema,
  FieldSchema,
  FixedSchema,
  NamedSchema,
  ParsedSchema,
  RecordSchema,
  UnionSchema,
} from './parsed-schema.ts';
import { shortNameOf, typeWords } from './type-words.ts';

/** What is different between the schema that reads and the one that wrote. */
export type DifferenceKind =
  | 'name'
  | 'type'
  | 'fixed-size'
  | 'enum-symbols'
  | 'missing-field'
  | 'ambiguous-field'
  | 'union-branch'
  | 'logical-type';

/**
 * What a difference does. `breaks`: by Avro's rules the reader cannot read what was written, and
 * registries refuse it. `refused`: registries let it pass, since they do not look at logical types;
 * Millrace refuses it, since values would mean something else. `changes`: it is read, and is worth
 * knowing.
 */
export type DifferenceEffect = 'breaks' | 'refused' | 'changes';

/** One difference between a reader's and a writer's schema. */
export interface ReadDifference {
  /**
   * Where it is, in the reader's words: `lines[].quantity`; `{}` are the values of a map, `(shop.Card)`
   * is the branch of a union. Empty: the whole.
   */
  readonly path: string;
  readonly kind: DifferenceKind;
  readonly effect: DifferenceEffect;
  readonly message: string;
}

/** Whether a reader can read what a writer wrote. */
export interface ReadVerdict {
  /** By Avro's rules, as registries judge (Avro for Java, `SchemaCompatibility`, 1.12). */
  readonly compatible: boolean;
  /** By Millrace's serdes, which also mind logical types. Never true where `compatible` is false. */
  readonly readable: boolean;
  /** All of them, each place once, in the order of the reader's fields. */
  readonly differences: readonly ReadDifference[];
}

/** Says whether one schema can read what another one wrote, and lists all that is in the way. */
export function canRead(reader: ParsedSchema, writer: ParsedSchema): ReadVerdict {
  const all = new ReadCheck().check(reader, writer, '');
  const seen = new Set<string>();
  const differences = all.filter(({ path, kind, message }) => {
    const key = `${path}\n${kind}\n${message}`;
    return !seen.has(key) && seen.add(key);
  });
  return {
    compatible: !breaks(differences),
    readable: differences.every(({ effect }) => effect === 'changes'),
    differences,
  };
}

const promotions: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  bytes: ['string'],
  string: ['bytes'],
};

type Found = readonly ReadDifference[];

function breaks(found: Found): boolean {
  return found.some(({ effect }) => effect === 'breaks');
}

/** One comparison. A pair of types that is under way counts as fine: it is judged where it began. */
class ReadCheck {
  readonly #done = new Map<ParsedSchema, Map<ParsedSchema, Found>>();

  check(reader: ParsedSchema, writer: ParsedSchema, path: string): Found {
    let ofReader = this.#done.get(reader);
    if (ofReader === undefined) this.#done.set(reader, (ofReader = new Map()));
    const known = ofReader.get(writer);
    if (known !== undefined) return known;
    ofReader.set(writer, []);
    const found = this.#compare(reader, writer, path);
    ofReader.set(writer, found);
    return found;
  }

  #compare(reader: ParsedSchema, writer: ParsedSchema, path: string): Found {
    if (writer.kind === 'union') {
      return writer.branches.flatMap((branch) => this.check(reader, branch, path));
    }
    if (reader.kind === 'union') return this.#branch(reader, writer, path);
    if (reader.kind === 'record' && writer.kind === 'record') {
      return [...nameDifference(reader, writer, path), ...this.#fields(reader, writer, path)];
    }
    if (reader.kind === 'enum' && writer.kind === 'enum') {
      return [...nameDifference(reader, writer, path), ...symbols(reader, writer, path)];
    }
    if (reader.kind === 'fixed' && writer.kind === 'fixed') {
      return [...nameDifference(reader, writer, path), ...fixed(reader, writer, path)];
    }
    if (reader.kind === 'array' && writer.kind === 'array') {
      return this.check(reader.items, writer.items, `${path}[]`);
    }
    if (reader.kind === 'map' && writer.kind === 'map') {
      return this.check(reader.values, writer.values, `${path}{}`);
    }
    if (reader.kind === writer.kind || promotions[reader.kind]?.includes(writer.kind) === true) {
      return logical(reader, writer, path);
    }
    const message = `${typeWords(writer)} cannot be read as ${typeWords(reader)}`;
    return [{ path, kind: 'type', effect: 'breaks', message }];
  }

  /**
   * Any branch that reads it will do; which one does is `resolveBranch`'s choice. Where none does, the
   * differences are those of the branch that is meant, if one has the writer's type and name.
   */
  #branch(reader: UnionSchema, writer: ParsedSchema, path: string): Found {
    const tried = reader.branches.map((branch) => ({
      branch,
      found: this.check(branch, writer, branchPath(reader, branch, path)),
    }));
    const able = tried.filter(({ found }) => !breaks(found));
    const chosen = able.toSorted((a, b) => rank(a.branch, writer) - rank(b.branch, writer));
    const readable = chosen.find(({ found }) => found.every((d) => d.effect === 'changes'));
    const [first] = readable === undefined ? chosen : [readable];
    if (first !== undefined) return first.found;
    const meant = tried.find(({ branch }) => rank(branch, writer) === 0);
    if (meant !== undefined) return meant.found;
    const message = `no branch of ${typeWords(reader)} reads ${typeWords(writer)}`;
    return [{ path, kind: 'union-branch', effect: 'breaks', message }];
  }

  #fields(reader: RecordSchema, writer: RecordSchema, path: string): Found {
    return reader.fields.flatMap((field) => {
      const at = path === '' ? field.name : `${path}.${field.name}`;
      const written = writtenFields(field, writer);
      const [only, ...others] = written;
      if (others.length > 0) {
        const which = written.map(({ name }) => `\`${name}\``).join(', ');
        const message = `it could be ${which} of the writer: take aliases away until one is left`;
        return [{ path: at, kind: 'ambiguous-field', effect: 'breaks', message }] as const;
      }
      if (only !== undefined) return this.check(field.type, only.type, at);
      if (field.hasDefault) return [];
      const message = `the writer does not have it, and it has no default`;
      return [{ path: at, kind: 'missing-field', effect: 'breaks', message }] as const;
    });
  }
}

/** The writer's fields that a reader's field may stand for: by name and by alias. */
export function writtenFields(field: FieldSchema, writer: RecordSchema): readonly FieldSchema[] {
  const byName = placesOf(writer);
  const found = new Set([field.name, ...field.aliases].flatMap((name) => byName.get(name) ?? []));
  return [...found].sort((a, b) => a - b).map((place) => writer.fields[place] as FieldSchema);
}

/** A record is asked for its fields by name as often as a reader has fields. */
const places = new WeakMap<RecordSchema, ReadonlyMap<string, number>>();

function placesOf(record: RecordSchema): ReadonlyMap<string, number> {
  const known = places.get(record);
  if (known !== undefined) return known;
  const found = new Map(record.fields.map(({ name }, place) => [name, place]));
  places.set(record, found);
  return found;
}

/** True when a reader's named type may read a writer's, as far as names go. */
export function namesAgree(reader: NamedSchema, writer: NamedSchema): boolean {
  return (
    shortNameOf(reader.name) === shortNameOf(writer.name) || reader.aliases.includes(writer.name)
  );
}

function nameDifference(reader: NamedSchema, writer: NamedSchema, path: string): Found {
  if (namesAgree(reader, writer)) return [];
  const message = `${reader.name} is another name than ${writer.name}, and has no alias for it`;
  return [{ path, kind: 'name', effect: 'breaks', message }];
}

function symbols(reader: EnumSchema, writer: EnumSchema, path: string): Found {
  const known = new Set(reader.symbols);
  const missing = writer.symbols.filter((symbol) => !known.has(symbol));
  if (missing.length === 0) return [];
  const which = missing.join(', ');
  const message =
    reader.default === undefined
      ? `${reader.name} has neither ${which} nor a default for symbols that it does not have`
      : `${reader.name} does not have ${which}: it is read as the default, ${reader.default}`;
  const effect = reader.default === undefined ? 'breaks' : 'changes';
  return [{ path, kind: 'enum-symbols', effect, message }];
}

function fixed(reader: FixedSchema, writer: FixedSchema, path: string): Found {
  if (reader.size === writer.size) return logical(reader, writer, path);
  const message = `${reader.name} has ${reader.size} bytes, and the writer's ${writer.size}`;
  return [{ path, kind: 'fixed-size', effect: 'breaks', message }];
}

interface WithLogical {
  readonly logical?: string;
  readonly precision?: number;
  readonly scale?: number;
}

function logical(reader: ParsedSchema, writer: ParsedSchema, path: string): Found {
  const to = reader as WithLogical;
  const from = writer as WithLogical;
  const sameDigits = to.precision === from.precision && to.scale === from.scale;
  if (to.logical === from.logical && sameDigits) return [];
  const message = `${typeWords(writer)} is read as ${typeWords(reader)}`;
  const found = { path, kind: 'logical-type', message } as const;
  if (!isTime(reader) || !isTime(writer)) return [{ ...found, effect: 'changes' }];
  if (widening(from.logical, to.logical) !== undefined) return [{ ...found, effect: 'changes' }];
  const reason = `${message}, which would lose digits or take one kind of time for another`;
  return [{ ...found, message: reason, effect: 'refused' }];
}

function isTime({ kind }: ParsedSchema): boolean {
  return kind === 'int' || kind === 'long';
}

/** As `resolveBranch` of the serdes orders branches. */
function rank(branch: ParsedSchema, writer: ParsedSchema): number {
  if (branch.kind !== writer.kind) return 2;
  if ('name' in branch) return branch.name === (writer as NamedSchema).name ? 0 : 1;
  return 0;
}

/** A branch is named only where there are several beside null. */
export function branchPath(union: UnionSchema, branch: ParsedSchema, path: string): string {
  const others = union.branches.filter(({ kind }) => kind !== 'null');
  if (others.length < 2) return path;
  return `${path}(${'name' in branch ? branch.name : branch.kind})`;
}
