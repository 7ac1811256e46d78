import { diffSchemas, parseSchema, sameSchema } from '../../schemas/index.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { parseExactJson } from '../../topology/core/exact-json.ts';
import type { CompatibilityMode, ManagedRegistry, SchemaRegistry } from '../ports.ts';
import { isMode } from './modes.ts';

/** What a registry said of some subjects at a time, to be used where it cannot be asked. */
export interface SchemaLock {
  /** URL of the registry; undefined: the one of a log. */
  readonly registry: string | undefined;
  readonly subjects: ReadonlyMap<string, LockedSubject>;
  /** Id → JSON text of the whole schema. */
  readonly schemas: ReadonlyMap<number, string>;
  /** What topologies read the subjects with; undefined in locks of versions that pinned no readers. */
  readonly readers: PinnedReaders | undefined;
}

/** Subject → name of a type → JSON text of the whole schema with which the type is read. */
export type PinnedReaders = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** A subject of a lock. */
export interface LockedSubject {
  readonly mode: CompatibilityMode;
  /** Ascending, without soft-deleted ones. */
  readonly versions: readonly LockedVersion[];
}

export interface LockedVersion {
  readonly version: number;
  readonly id: number;
}

/** Name of the lock file, in a folder of schemas. */
export const lockFileName = 'schemas.lock.json';

interface LockJson {
  readonly lock: 1;
  readonly registry: string | null;
  readonly subjects: Readonly<
    Record<string, { readonly mode?: string; readonly versions?: Readonly<Record<string, number>> }>
  >;
  /** A number is an id of `schemas`: the reader is the schema of a version. */
  readonly readers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly schemas: Readonly<Record<string, unknown>>;
}

/** Text of a lock file: the same for equal locks, a line for each thing that may change. */
export function lockText({ registry, subjects, schemas, readers }: SchemaLock): string {
  const names = [...subjects.keys()].sort();
  const ids = new Map([...schemas].map(([id, text]) => [text, id]));
  const json: LockJson = {
    lock: 1,
    registry: registry ?? null,
    subjects: Object.fromEntries(
      names.map((name) => {
        const { mode, versions } = subjects.get(name) as LockedSubject;
        const list = versions.map(({ version, id }) => [String(version), id] as const);
        return [name, { mode, versions: Object.fromEntries(list) }];
      }),
    ),
    ...(readers === undefined
      ? {}
      : {
          readers: sortedRecord(readers, (types) =>
            sortedRecord(types, (text) => ids.get(text) ?? parseExactJson(text)),
          ),
        }),
    schemas: Object.fromEntries(
      [...schemas]
        .sort(([a], [b]) => a - b)
        .map(([id, text]) => [String(id), parseExactJson(text)]),
    ),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function sortedRecord<V, W>(map: ReadonlyMap<string, V>, value: (of: V) => W): Record<string, W> {
  const names = [...map.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, value(map.get(name) as V)]));
}

/**
 * The lock that a text is; `file` is its name, for messages.
 * @throws {ConfigError} LOCK_FILE
 */
export function parseLock(text: string, file: string): SchemaLock {
  let json: Partial<LockJson> | null;
  try {
    json = parseExactJson(text) as Partial<LockJson> | null;
  } catch (error) {
    throw broken(file, `it is no JSON (${(error as Error).message})`);
  }
  if (json?.lock !== 1) throw broken(file, 'it is no lock file of this version of Millrace');
  const { registry = null, subjects = {}, schemas = {}, readers } = json;
  if (registry !== null && typeof registry !== 'string') throw broken(file, 'registry is no URL');
  if (!isMap(subjects)) throw broken(file, 'subjects is no map');
  if (!isMap(schemas)) throw broken(file, 'schemas is no map');
  const texts = new Map(
    Object.entries(schemas).map(([id, schema]) => {
      if (!isNumber(id)) throw broken(file, `"${id}" is no id of a schema`);
      return [Number(id), schemaText(schema, `schema ${id}`, file)] as const;
    }),
  );
  const locked = Object.entries(subjects).map(([name, subject]) => {
    if (!isMap(subject)) throw broken(file, `subject "${name}" is no map`);
    const { mode, versions = {} } = subject;
    if (!isMode(mode)) throw broken(file, `subject "${name}" has no mode that is known`);
    if (!isMap(versions)) throw broken(file, `versions of subject "${name}" are no map`);
    const list = Object.entries(versions).map(([version, id]) => {
      if (!isNumber(version)) {
        throw broken(file, `"${version}" is no version, of subject "${name}"`);
      }
      if (!texts.has(id)) throw broken(file, `it has no schema ${id}, of subject "${name}"`);
      return { version: Number(version), id };
    });
    return [name, { mode, versions: list.sort((x, y) => x.version - y.version) }] as const;
  });
  return {
    registry: registry ?? undefined,
    schemas: texts,
    subjects: new Map(locked),
    readers: readers === undefined ? undefined : readersOf(readers, texts, file),
  };
}

function readersOf(
  readers: unknown,
  schemas: ReadonlyMap<number, string>,
  file: string,
): PinnedReaders {
  if (!isMap(readers)) throw broken(file, 'readers is no map');
  return new Map(
    Object.entries(readers).map(([subject, types]) => {
      if (!isMap(types)) throw broken(file, `readers of subject "${subject}" are no map`);
      const pinned = Object.entries(types).map(([type, schema]) => {
        const what = `reader ${type} of subject "${subject}"`;
        const text =
          typeof schema === 'number' ? schemas.get(schema) : schemaText(schema, what, file);
        if (text === undefined) {
          throw broken(file, `it has no schema ${schema as number}, of ${what}`);
        }
        return [type, text] as const;
      });
      return [subject, new Map(pinned)] as const;
    }),
  );
}

/** People mend conflicts of merges in this file by hand: any part of it may be of another type. */
function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(text: string): boolean {
  return /^[1-9]\d{0,9}$/.test(text);
}

function schemaText(schema: unknown, what: string, file: string): string {
  const text = JSON.stringify(schema);
  try {
    parseSchema(text);
  } catch (error) {
    throw broken(file, `${what} is no Avro (${(error as Error).message})`);
  }
  return text;
}

function broken(file: string, why: string): ConfigError {
  return new ConfigError(
    'LOCK_FILE',
    `${file} cannot be used: ${why}. "millrace schemas pull" writes it anew`,
  );
}

/** What a registry says now of subjects; those that it does not have are left out. With it `readers`, which it need not know. */
export async function pullLock(
  registry: ManagedRegistry,
  from: string | undefined,
  subjects: Iterable<string>,
  readers: PinnedReaders = new Map(),
): Promise<SchemaLock> {
  const locked = new Map<string, LockedSubject>();
  const schemas = new Map<number, string>();
  for (const subject of new Set(subjects)) {
    const versions = await registry.versions(subject);
    if (versions.length === 0) continue;
    const { mode } = await registry.compatibility(subject);
    for (const [, id] of versions) schemas.set(id, (await registry.schema(id)) as string);
    locked.set(subject, { mode, versions: versions.map(([version, id]) => ({ version, id })) });
  }
  const lock = { registry: from, subjects: locked, schemas };
  return { ...lock, readers: spelledAs(lock, readers) };
}

/** Readers that are versions of their subjects, as the registry spells them. */
function spelledAs(
  { subjects, schemas }: Pick<SchemaLock, 'subjects' | 'schemas'>,
  readers: PinnedReaders,
): PinnedReaders {
  return new Map(
    [...readers].map(([subject, types]) => {
      const versions = subjects.get(subject)?.versions.map(({ id }) => schemas.get(id) as string);
      const spelled = [...types].map(([type, text]) => {
        const same = versions?.findLast((version) => sameSchema(version, text));
        return [type, same ?? text] as const;
      });
      return [subject, new Map(spelled)];
    }),
  );
}

/** What is different in a newer lock, a line for each thing. */
export function lockChanges(older: SchemaLock | undefined, newer: SchemaLock): readonly string[] {
  const lines: string[] = [];
  for (const name of [...newer.subjects.keys()].sort()) {
    const after = newer.subjects.get(name) as LockedSubject;
    const before = older?.subjects.get(name);
    for (const { version, id } of after.versions) {
      const known = before?.versions.find((present) => present.version === version);
      if (known === undefined) lines.push(`${name}: version ${version} is new (id ${id})`);
      else if (known.id !== id)
        lines.push(`${name}: version ${version} has id ${id}, not ${known.id}`);
      else if (older?.schemas.get(id) !== newer.schemas.get(id)) {
        lines.push(`${name}: version ${version} (id ${id}) is another schema`);
      }
    }
    for (const { version } of before?.versions ?? []) {
      if (!after.versions.some((present) => present.version === version)) {
        lines.push(`${name}: version ${version} is gone`);
      }
    }
    if (before !== undefined && before.mode !== after.mode) {
      lines.push(`${name}: the mode is ${after.mode}, not ${before.mode}`);
    }
  }
  for (const name of older?.subjects.keys() ?? []) {
    if (!newer.subjects.has(name)) lines.push(`${name} is gone`);
  }
  lines.push(...readerChanges(older, newer));
  if (older !== undefined && older.registry !== newer.registry) {
    lines.push(`it is of ${newer.registry ?? "the log's own registry"} now`);
  }
  return lines;
}

function readerChanges(older: SchemaLock | undefined, newer: SchemaLock): readonly string[] {
  const lines: string[] = [];
  for (const [subject, types] of newer.readers ?? []) {
    const before = older?.readers?.get(subject);
    for (const [type, text] of types) {
      const known = before?.get(type);
      if (known === text) continue;
      const changes = known === undefined ? [] : diffSchemas(known, text).changes;
      const words = changes.map(({ message }) => message);
      const as = `${subject}: read as ${type}, ${versionWords(newer, subject, text)}`;
      lines.push([as, ...(words.length === 0 ? [] : [words.join('; ')])].join(': '));
    }
    for (const type of before?.keys() ?? []) {
      if (!types.has(type)) lines.push(`${subject}: not read as ${type} any more`);
    }
  }
  for (const subject of older?.readers?.keys() ?? []) {
    if (newer.readers?.has(subject) !== true) lines.push(`${subject}: not read any more`);
  }
  return lines;
}

/** Which version of a subject a schema is, in words. */
export function versionWords(
  { subjects, schemas }: SchemaLock,
  subject: string,
  schema: string,
): string {
  const { versions = [] } = subjects.get(subject) ?? {};
  const found = versions.findLast(({ id }) => schemas.get(id) === schema);
  return found === undefined ? 'which is no version of it yet' : `version ${found.version}`;
}

/**
 * Compares a lock with the registry that is used. What it lacks, also of the subjects `used`, is said, a sentence for each thing; `file` is how the lock is called.
 * @throws {ConfigError} LOCK_MISMATCH where it is of another registry: a version is another schema there
 */
export async function verifyLock(
  { lock, file }: { readonly lock: SchemaLock; readonly file: string },
  registry: SchemaRegistry,
  used: readonly string[] = [],
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const subject of new Set([...lock.subjects.keys(), ...used])) {
    const locked = lock.subjects.get(subject);
    const versions = locked?.versions ?? [];
    const present = new Map(await registry.versions(subject));
    const gone: number[] = [];
    if (present.size === 0 && locked !== undefined) {
      lines.push(`"${subject}" is in ${file}, and not in the registry`);
    }
    for (const { version, id } of versions) {
      const found = present.get(version);
      if (found === undefined) {
        if (present.size > 0) gone.push(version);
        continue;
      }
      if (found !== id || !(await sameText(registry, lock, id))) {
        throw new ConfigError(
          'LOCK_MISMATCH',
          `${file} is not of the registry that is used: version ${version} of "${subject}" has id ${id} there, ` +
            `and is another schema or has another id (${found}) here. Check the registry, or do "millrace schemas pull"`,
        );
      }
    }
    if (gone.length > 0) {
      lines.push(
        `version ${gone.join(', ')} of "${subject}" is in ${file}, and not in the registry: ` +
          'do "millrace schemas pull", and check',
      );
    }
    const last = versions.at(-1)?.version ?? 0;
    const newer = [...present.keys()].filter((version) => version > last);
    if (newer.length > 0) {
      lines.push(
        `"${subject}" has version ${newer.join(', ')} in the registry, which ${file} has not: ` +
          'do "millrace schemas pull", and check',
      );
    }
  }
  return lines;
}

async function sameText(registry: SchemaRegistry, lock: SchemaLock, id: number): Promise<boolean> {
  const text = await registry.schema(id);
  return text !== undefined && JSON.stringify(parseExactJson(text)) === lock.schemas.get(id);
}
