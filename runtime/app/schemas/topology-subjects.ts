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
import type { Graph, GraphStage } from '../../../topology/graph/graph.ts';
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
 * @throws {ConfigError} SCHEMA_FILE where a file cannot be read, TOPOLOGY_INVALID, SCHEMA_INVALID where it is no such thing, or a type of it is not there
 */
export function readTopologySubjects(path: string, tree: FileTree): readonly TopologySubject[] {
  const { definition } = parseTopology(tree.read(path), tree.name(path));
  if (definition === undefined) {
    throw new ConfigError(
      'TOPOLOGY_INVALID',
      `${tree.name(path)} is no topology file: "millrace check" says what is wrong`,
    );
  }
  const { schemas } = definition;
  const files = schemas === undefined ? [] : schemaFiles(tree, resolve(dirname(path), schemas));
  const { catalog, problems } = loadCatalog(files);
  const [first] = problems;
  if (first !== undefined) {
    const { at, message } = first;
    throw new ConfigError(
      'SCHEMA_INVALID',
      `${at.file}:${at.line}:${at.column}: ${message}: mend the schema`,
    );
  }
  assertTypesKnown(definition, catalog, tree.name(path));
  return topologySubjects(definition, catalog);
}

/** A subject whose type is not there would be passed over in silence. */
function assertTypesKnown(definition: Definition, catalog: SchemaCatalog, file: string): void {
  for (const section of ['streams', 'tables'] as const) {
    for (const [name, { key, value, format = 'avro' }] of Object.entries(definition[section])) {
      const parts = { key, ...(format === 'avro' ? { value } : {}) };
      for (const [part, type] of Object.entries(parts)) {
        if (catalog.type(type) !== undefined) continue;
        const what = `the ${part} of ${section === 'streams' ? 'stream' : 'table'} "${name}"`;
        throw new ConfigError(
          'TOPOLOGY_INVALID',
          `${file}: ${what} is ${type}, and the schemas have no such type: "millrace check" says more`,
        );
      }
    }
  }
}

/** Stages that a change of a topic's records touches. */
export interface TouchedStages {
  /** Those that get the records, or what stages on the way make of them with the same type. */
  readonly readers: readonly string[];
  readonly writers: readonly string[];
}

/** The stages of a graph that a change of a subject touches, in order of their names. */
export function touchedStages(graph: Graph, subject: TopologySubject): TouchedStages {
  const { name } = subject.declared;
  const reached = new Set([name]);
  const readers = new Set<string>();
  // Until nothing more is reached: a stage may stand before the one that it reads from.
  for (let before = -1; before < reached.size;) {
    before = reached.size;
    for (const stage of graph.stages.values()) {
      if (!reads(stage, reached)) continue;
      readers.add(stage.name);
      for (const [port, type] of Object.entries(stage.outputs)) {
        if (sameName(type[subject.part], subject.type)) reached.add(refName(stage.name, port));
      }
    }
  }
  const writers = [...graph.stages.values()].filter(({ sinks }) =>
    sinks.some(({ streams }) => streams.includes(name)),
  );
  return { readers: [...readers].sort(), writers: writers.map((stage) => stage.name) };
}

function reads({ inputs, table }: GraphStage, reached: ReadonlySet<string>): boolean {
  const from = [...inputs.flatMap((input) => input.from), ...(table === undefined ? [] : [table])];
  return from.some((ref) =>
    reached.has(ref.kind === 'source' ? ref.name : refName(ref.name, ref.port)),
  );
}

/** No stream has a slash in its name. */
function refName(stage: string, port: string): string {
  return `${stage}/${port}`;
}

function sameName(a: AvroType, b: AvroType): boolean {
  return 'name' in a && 'name' in b && a.name === b.name;
}
