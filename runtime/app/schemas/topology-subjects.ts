import { dirname, resolve } from 'node:path';
import {
  type AvroSchemas,
  isPrimitiveKey,
  loadCatalog,
  subjectFor,
} from '../../../schemas/index.ts';
import type { AvroType, SchemaCatalog } from '../../../topology/core/avro.ts';
import { ConfigError } from '../../../topology/core/errors.ts';
import type { Definition } from '../../../topology/definition/definition.ts';
import type { Graph } from '../../../topology/graph/graph.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';
import { type FileTree, schemaFiles } from './file-tree.ts';

/** A subject whose schema a topology file declares: of a topic that other programs share with it. */
export interface TopologySubject {
  readonly subject: string;
  readonly topic: string;
  readonly part: 'key' | 'value';
  /** Stream or table that declares the topic. */
  readonly declared: { readonly section: 'streams' | 'tables'; readonly name: string };
  readonly type: AvroType;
  /** JSON text of the whole schema, canonical. */
  readonly schema: string;
}

/** Subjects of the streams and tables of a topology whose keys or values are Avro with a schema id, in order of their names. */
export function topologySubjects(
  definition: Definition,
  catalog: SchemaCatalog & AvroSchemas,
): readonly TopologySubject[] {
  const found = new Map<string, TopologySubject>();
  for (const section of ['streams', 'tables'] as const) {
    for (const [name, def] of Object.entries(definition[section])) {
      const { topics, key, value, format = 'avro', keySubject = 'topic' } = def;
      const valueSubject = def.subject ?? 'topic';
      const parts = [
        ['key', catalog.type(key)],
        ['value', format === 'avro' ? catalog.type(value) : undefined],
      ] as const;
      for (const [part, type] of parts) {
        if (type === undefined || (part === 'key' && isPrimitiveKey(type))) continue;
        for (const topic of topics) {
          const strategy = part === 'key' ? keySubject : valueSubject;
          const subject = subjectFor(topic, part, { strategy, type });
          const schema = catalog.canonicalSchema(type);
          found.set(subject, { subject, topic, part, declared: { section, name }, type, schema });
        }
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1));
}

/**
 * Subjects of a topology file of a tree, whether the rest of it is sound or not.
 * @throws {ConfigError} SCHEMA_FILE where the file or a schema cannot be read
 */
export function readTopologySubjects(path: string, tree: FileTree): readonly TopologySubject[] {
  const { definition } = parseTopology(tree.read(path), tree.name(path));
  if (definition === undefined) {
    throw new ConfigError(
      'SCHEMA_FILE',
      `${tree.name(path)} is no topology file: "millrace check" says what is wrong`,
    );
  }
  if (definition.schemas === undefined) return [];
  const folder = resolve(dirname(path), definition.schemas);
  const { catalog, problems } = loadCatalog(schemaFiles(tree, folder));
  const [first] = problems;
  if (first !== undefined) {
    const { at, message } = first;
    throw new ConfigError(
      'SCHEMA_FILE',
      `${at.file}:${at.line}:${at.column}: ${message}: mend the schema`,
    );
  }
  return topologySubjects(definition, catalog);
}

/** Stages that a change of a topic's records touches. */
export interface TouchedStages {
  /** Those that get the records, as they came. */
  readonly readers: readonly string[];
  readonly writers: readonly string[];
}

/** The stages of a graph that read a stream or table, or what has its type on the way from there, and those that write it. */
export function touchedStages(graph: Graph, subject: TopologySubject): TouchedStages {
  const { name } = subject.declared;
  const readers: string[] = [];
  const writers: string[] = [];
  for (const stage of graph.stages.values()) {
    const reads =
      stage.inputs.some((input) =>
        input.from.some((ref) => ref.kind === 'source' && ref.name === name),
      ) ||
      (stage.table?.kind === 'source' && stage.table.name === name) ||
      stage.inputs.some((input) => sees(input.incoming[subject.part], subject.type));
    if (reads) readers.push(stage.name);
    if (stage.sinks.some(({ streams }) => streams.includes(name))) writers.push(stage.name);
  }
  return { readers, writers };
}

function sees(incoming: AvroType, type: AvroType): boolean {
  return 'name' in type && 'name' in incoming && incoming.name === type.name;
}
