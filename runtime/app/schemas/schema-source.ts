import { dirname } from 'node:path';
import { loadCatalog, type AvroSchemas } from '../../../schemas/index.ts';
import type { SchemaCatalog } from '../../../topology/core/avro.ts';
import { ConfigError } from '../../../topology/core/errors.ts';
import { parseExactJson } from '../../../topology/core/exact-json.ts';
import type { ManagedRegistry } from '../../ports.ts';
import { subjectUnknown, versionUnknown } from '../../registry/registry-errors.ts';
import { diskTree, type FileTree, gitTree, schemaFiles } from './file-tree.ts';

/** Where a schema, or a topology with its schemas, is taken from, as a command line names it. */
export type SchemaSource =
  | {
      readonly kind: 'schema-file' | 'topology';
      readonly path: string;
      readonly tree: FileTree;
    }
  | { readonly kind: 'subject'; readonly subject: string; readonly version: NamedVersion };

/** A version as it is named; undefined: none was. */
export type NamedVersion = number | 'latest' | undefined;

/**
 * What a word of a command line names: a file, `git:REVISION:FILE`, or a subject, as `SUBJECT`, `SUBJECT@VERSION`, `SUBJECT@latest` or with `registry:` before it.
 * @throws {ConfigError} SCHEMA_SOURCE, GIT_REVISION
 */
export function parseSource(word: string): SchemaSource {
  const [, revision, path] = /^git:([^:]+):(.+)$/.exec(word) ?? [];
  if (revision !== undefined && path !== undefined) return fileSource(path, gitTree(revision));
  if (word.startsWith('git:')) {
    throw new ConfigError('SCHEMA_SOURCE', `"${word}" names no file: write git:REVISION:FILE`);
  }
  if (/\.(?:avsc|ya?ml)$/.test(word)) return fileSource(word, diskTree);
  const name = word.replace(/^registry:/, '');
  const [, subject = name, version] = /^(.+)@(\d{1,9}|latest)$/.exec(name) ?? [];
  return {
    kind: 'subject',
    subject,
    version: version === undefined || version === 'latest' ? version : Number(version),
  };
}

function fileSource(path: string, tree: FileTree): SchemaSource {
  return { kind: path.endsWith('.avsc') ? 'schema-file' : 'topology', path, tree };
}

/** One schema of a source. */
export interface SourcedSchema {
  /** What it is called in messages. */
  readonly name: string;
  /** JSON text of the whole schema, canonical. */
  readonly schema: string;
}

/**
 * The whole schema of an `.avsc` file: what it names is taken from the other files of its folder.
 * @throws {ConfigError} SCHEMA_FILE where it cannot be read, SCHEMA_INVALID where it is no Avro
 */
export function readSchemaFile(path: string, tree: FileTree): SourcedSchema {
  const file = tree.name(path);
  const text = tree.read(path);
  const others = schemaFiles(tree, dirname(path)).filter((other) => other.file !== file);
  const { catalog, problems } = loadCatalog([{ file, text }, ...others]);
  const own = problems.find(({ at }) => at.file === file) ?? problems[0];
  if (own !== undefined) {
    const { at, message } = own;
    throw new ConfigError(
      'SCHEMA_INVALID',
      `${at.file}:${at.line}:${at.column}: ${message}: mend the schema`,
    );
  }
  return { name: file, schema: schemaOfFile(text, file, catalog) };
}

/** A named type by its name in the file; anything else as it stands there, where it names nothing. */
function schemaOfFile(text: string, file: string, catalog: SchemaCatalog & AvroSchemas): string {
  const json = parseExactJson(text) as { readonly name?: unknown; readonly namespace?: unknown };
  const { name, namespace } = json;
  if (typeof name !== 'string') return JSON.stringify(json);
  const full =
    name.includes('.') || typeof namespace !== 'string' || namespace === ''
      ? name
      : `${namespace}.${name}`;
  if (catalog.type(full) === undefined) {
    throw new ConfigError('SCHEMA_INVALID', `${file} defines no type "${full}"`);
  }
  return catalog.canonicalSchema(full);
}

/**
 * A version of a subject, the last one where none is named.
 * @throws {ConfigError} SUBJECT_UNKNOWN, VERSION_UNKNOWN
 */
export async function readSubject(
  registry: ManagedRegistry,
  subject: string,
  version: NamedVersion,
): Promise<SourcedSchema & { readonly version: number; readonly id: number }> {
  const versions = await registry.allVersions(subject);
  const live = versions.filter(({ deleted }) => !deleted);
  const last = typeof version !== 'number';
  if (versions.length === 0 || (last && live.length === 0)) throw subjectUnknown(subject);
  const found = last ? live.at(-1) : versions.find((present) => present.version === version);
  if (found === undefined) throw versionUnknown(subject, version ?? 'latest');
  const schema = await registry.schema(found.id);
  if (schema === undefined) throw versionUnknown(subject, found.version);
  return { name: `${subject}@${found.version}`, schema, version: found.version, id: found.id };
}
