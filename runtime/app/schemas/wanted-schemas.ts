import { basename, dirname } from 'node:path';
import { ConfigError } from '../../../topology/core/errors.ts';
import type { Graph } from '../../../topology/graph/graph.ts';
import type { ManagedRegistry } from '../../ports.ts';
import { readTopology } from '../topology-source.ts';
import { diskTree, type FileTree, gitTree } from './file-tree.ts';
import { parseSource, readSchemaFile, readSubject, type SourcedSchema } from './schema-source.ts';
import { readTopologySubjects, touchedStages, type TouchedStages } from './topology-subjects.ts';

/** A schema that is to be looked at, and what it is to be the next version of. */
export interface WantedSchema extends SourcedSchema {
  /** Undefined: no subject is known. */
  readonly subject: string | undefined;
  /** Its version, where the registry gave it. */
  readonly version?: number;
  /** Stages of topologies that have to do with it. */
  readonly stages: TouchedStages;
}

export interface WantedOptions {
  /** Subject of a schema file. */
  readonly subject?: string | undefined;
  /** Topology files whose stages may be touched. */
  readonly topologies: readonly string[];
  /** Asked for what a word names by its subject. */
  readonly registry: () => Promise<ManagedRegistry>;
}

const noStages: TouchedStages = { readers: [], writers: [] };

/**
 * The schemas that a word of a command line names: all of a topology, or one.
 * @throws {ConfigError} SCHEMA_FILE, SCHEMA_INVALID, TOPOLOGY_INVALID, SCHEMA_SOURCE, GIT_REVISION, SUBJECT_UNKNOWN, VERSION_UNKNOWN
 */
export async function wantedSchemas(
  word: string,
  options: WantedOptions,
): Promise<readonly WantedSchema[]> {
  const source = parseSource(word);
  switch (source.kind) {
    case 'topology': {
      const { path, tree } = source;
      const graph = tree === diskTree ? readTopology(path, { lock: false }).graph : undefined;
      return readTopologySubjects(path, tree).map((found) => ({
        name: `${found.subject} of ${tree.name(path)}`,
        subject: found.subject,
        schema: found.schema,
        stages: graph === undefined ? noStages : touchedStages(graph, found),
      }));
    }
    case 'schema-file': {
      const read = readSchemaFile(source.path, source.tree);
      const stages = stagesWith(read.schema, options.topologies);
      return [{ ...read, subject: options.subject, stages }];
    }
    case 'subject': {
      const { subject, version } = source;
      const read = await readSubject(await options.registry(), subject, version);
      return [{ ...read, subject, stages: stagesOf(subject, options.topologies) }];
    }
  }
}

/** What another schema of a comparison is: that of a subject in a topology, or the one of a file or a subject. */
export type OlderSchemas =
  | { readonly kind: 'one'; readonly schema: SourcedSchema }
  | { readonly kind: 'by-subject'; readonly schemas: ReadonlyMap<string, SourcedSchema> };

/**
 * What `--against` names. `git:REVISION` alone is the file at that revision that is compared, `word`; one
 * that is not there yet has nothing older.
 * @throws {ConfigError} as {@link wantedSchemas}
 */
export async function olderSchemas(
  against: string,
  word: string,
  registry: () => Promise<ManagedRegistry>,
): Promise<OlderSchemas> {
  const [, revision] = /^git:([^:]+)$/.exec(against) ?? [];
  const source =
    revision === undefined ? parseSource(against) : atRevision(word, gitTree(revision));
  if (revision !== undefined && source.kind !== 'subject') {
    const { path, tree } = source;
    const there = tree.list(dirname(path)).includes(basename(path));
    if (!there) return { kind: 'by-subject', schemas: new Map() };
  }
  switch (source.kind) {
    case 'topology': {
      const { path, tree } = source;
      const found = readTopologySubjects(path, tree);
      const named = (subject: string): string => `${subject} of ${tree.name(path)}`;
      return {
        kind: 'by-subject',
        schemas: new Map(
          found.map(({ subject, schema }) => [subject, { name: named(subject), schema }]),
        ),
      };
    }
    case 'schema-file':
      return { kind: 'one', schema: readSchemaFile(source.path, source.tree) };
    case 'subject':
      return {
        kind: 'one',
        schema: await readSubject(await registry(), source.subject, source.version),
      };
  }
}

function atRevision(word: string, tree: FileTree): ReturnType<typeof parseSource> {
  const source = parseSource(word);
  if (source.kind !== 'subject') return { ...source, tree };
  throw new ConfigError(
    'SCHEMA_SOURCE',
    `"${word}" is a subject, which no revision has: name a file`,
  );
}

/** Stages that a schema in the next version of a subject touches, of topologies that declare it. */
function stagesOf(subject: string, files: readonly string[]): TouchedStages {
  return together(files, (found) => found.subject === subject);
}

/** Stages that the records of a schema, wherever they are used, touch. */
function stagesWith(schema: string, files: readonly string[]): TouchedStages {
  const { name } = JSON.parse(schema) as { readonly name?: unknown };
  if (typeof name !== 'string') return noStages;
  // Definitions stand in canonical text once, by their full names.
  return together(files, (found) => found.schema.includes(`"name":${JSON.stringify(name)}`));
}

function together(
  files: readonly string[],
  matches: (found: { readonly subject: string; readonly schema: string }) => boolean,
): TouchedStages {
  const readers = new Set<string>();
  const writers = new Set<string>();
  for (const file of files) {
    const { graph } = readTopology(file, { lock: false });
    if (graph === undefined) continue;
    for (const found of readTopologySubjects(file, diskTree)) {
      if (!matches(found)) continue;
      const stages = touchedStages(graph satisfies Graph, found);
      for (const name of stages.readers) readers.add(name);
      for (const name of stages.writers) writers.add(name);
    }
  }
  return { readers: [...readers], writers: [...writers] };
}
