import { parseSchema } from '../../schemas/index.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import type { CompatibilityMode, ManagedRegistry, SchemaRegistry } from '../ports.ts';
import { isMode } from './modes.ts';

/** What a registry said of some subjects at a time, to be used where it cannot be asked. */
export interface SchemaLock {
  /** URL of the registry; undefined: the one of a log. */
  readonly registry: string | undefined;
  readonly subjects: ReadonlyMap<string, LockedSubject>;
  /** Id → JSON text of the whole schema. */
  readonly schemas: ReadonlyMap<number, string>;
}

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
  readonly schemas: Readonly<Record<string, unknown>>;
}

/** Text of a lock file: the same for equal locks, a line for each thing that may change. */
export function lockText({ registry, subjects, schemas }: SchemaLock): string {
  const names = [...subjects.keys()].sort();
  const json: LockJson = {
    lock: 1,
    registry: registry ?? null,
    subjects: Object.fromEntries(
      names.map((name) => {
        const { mode, versions } = subjects.get(name) as LockedSubject;
        const ids = versions.map(({ version, id }) => [String(version), id] as const);
        return [name, { mode, versions: Object.fromEntries(ids) }];
      }),
    ),
    schemas: Object.fromEntries(
      [...schemas]
        .sort(([a], [b]) => a - b)
        .map(([id, text]) => [String(id), JSON.parse(text) as unknown]),
    ),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/**
 * The lock that a text is; `file` is its name, for messages.
 * @throws {ConfigError} LOCK_FILE
 */
export function parseLock(text: string, file: string): SchemaLock {
  let json: Partial<LockJson> | null;
  try {
    json = JSON.parse(text) as Partial<LockJson> | null;
  } catch (error) {
    throw broken(file, `it is no JSON (${(error as Error).message})`);
  }
  if (json?.lock !== 1) throw broken(file, 'it is no lock file of this version of Millrace');
  const { registry = null, subjects = {}, schemas = {} } = json;
  if (registry !== null && typeof registry !== 'string') throw broken(file, 'registry is no URL');
  if (!isMap(subjects)) throw broken(file, 'subjects is no map');
  if (!isMap(schemas)) throw broken(file, 'schemas is no map');
  const texts = new Map(
    Object.entries(schemas).map(([id, schema]) => {
      if (!isNumber(id)) throw broken(file, `"${id}" is no id of a schema`);
      return [Number(id), schemaText(schema, id, file)] as const;
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
  return { registry: registry ?? undefined, schemas: texts, subjects: new Map(locked) };
}

/** People mend conflicts of merges in this file by hand: any part of it may be of another type. */
function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(text: string): boolean {
  return /^[1-9]\d{0,9}$/.test(text);
}

function schemaText(schema: unknown, id: string, file: string): string {
  const text = JSON.stringify(schema);
  try {
    parseSchema(text);
  } catch (error) {
    throw broken(file, `schema ${id} is no Avro (${(error as Error).message})`);
  }
  return text;
}

function broken(file: string, why: string): ConfigError {
  return new ConfigError(
    'LOCK_FILE',
    `${file} cannot be used: ${why}. "millrace schemas pull" writes it anew`,
  );
}

/** What a registry says now of subjects; those that it does not have are left out. */
export async function pullLock(
  registry: ManagedRegistry,
  from: string | undefined,
  subjects: Iterable<string>,
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
  return { registry: from, subjects: locked, schemas };
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
  if (older !== undefined && older.registry !== newer.registry) {
    lines.push(`it is of ${newer.registry ?? "the log's own registry"} now`);
  }
  return lines;
}

/**
 * Compares a lock with the registry that is used. What it lacks is said, a sentence for each thing; `file` is how the lock is called.
 * @throws {ConfigError} LOCK_MISMATCH where it is of another registry: a version is another schema there
 */
export async function verifyLock(
  { lock, file }: { readonly lock: SchemaLock; readonly file: string },
  registry: SchemaRegistry,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [subject, { versions }] of lock.subjects) {
    const present = new Map(await registry.versions(subject));
    if (present.size === 0) lines.push(`"${subject}" is in ${file}, and not in the registry`);
    for (const { version, id } of versions) {
      const found = present.get(version);
      if (found === undefined) continue;
      if (found !== id || !(await sameText(registry, lock, id))) {
        throw new ConfigError(
          'LOCK_MISMATCH',
          `${file} is not of the registry that is used: version ${version} of "${subject}" has id ${id} there, ` +
            `and is another schema or has another id (${found}) here. Check the registry, or do "millrace schemas pull"`,
        );
      }
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
  return text !== undefined && JSON.stringify(JSON.parse(text)) === lock.schemas.get(id);
}
