import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  type AvroSchemas,
  loadCatalog,
  type SchemaFile,
  type SchemaProblem,
} from '../../schemas/index.ts';
import { withoutFollowOns } from '../../topology/check/follow-ons.ts';
import { type JsonProblem, problemsToJson } from '../../topology/check/render-json.ts';
import { countLine, renderProblems } from '../../topology/check/render.ts';
import type { SchemaCatalog } from '../../topology/core/avro.ts';
import { ConfigError, StreamsError } from '../../topology/core/errors.ts';
import type { Problem } from '../../topology/core/problem.ts';
import type { Definition } from '../../topology/definition/definition.ts';
import type { SourceMap } from '../../topology/definition/source-map.ts';
import { check } from '../../topology/graph/check.ts';
import type { Graph } from '../../topology/graph/graph.ts';
import { parseTopology } from '../../topology/yaml/parse.ts';
import type { PlaceOfTopic } from './topic-problems.ts';
import { missingProcessors } from './processors.ts';
import { locateSchemaProblems } from './schema-problems.ts';
import { checkLock, type LockFindings } from './schemas/check-lock.ts';
import { type FoundLock, lockPath, readLock } from './schemas/lock.ts';
import { hintAtSubfolders } from './schemas/subfolder-hint.ts';
import { shortPath } from './short-path.ts';

/** All problems of a topology file and its schemas, rendered. The reaction: mend the file. */
export class TopologyError extends StreamsError {
  declare readonly problems: readonly Problem[];
  declare readonly schemaProblems: readonly SchemaProblem[];

  constructor(
    text: string,
    problems: readonly Problem[],
    schemaProblems: readonly SchemaProblem[],
  ) {
    super('TOPOLOGY_PROBLEMS', text);
    // A program that does not catch it shows its user the file's mistakes, not where they were found.
    this.stack = `${this.name}: ${text}`;
    Object.defineProperty(this, 'problems', { value: problems, enumerable: false });
    Object.defineProperty(this, 'schemaProblems', { value: schemaProblems, enumerable: false });
  }
}

/** A topology file, read and checked. */
export interface TopologySource {
  /** As it is called in messages: relative to the working directory where it lies below it. */
  readonly file: string;
  readonly text: string;
  readonly source: SourceMap;
  /** Absent only if the text is no YAML. */
  readonly definition: Definition | undefined;
  /** Absent while there are errors. */
  readonly graph: Graph | undefined;
  readonly catalog: SchemaCatalog & AvroSchemas;
  readonly problems: readonly Problem[];
  readonly schemaProblems: readonly SchemaProblem[];
  readonly schemaFiles: readonly SchemaFile[];
  /** Absolute folder of processors; undefined where the file names none. */
  readonly processors: string | undefined;
  /** The lock file of its folder of schemas; undefined: there is none, or it was not asked for. */
  readonly lock: FoundLock | undefined;
  /** What the lock file says that is worth knowing and no problem, a sentence each. */
  readonly notices: readonly string[];
}

/** Unknown Avro type: no news where a schema cannot be read. */
const unknownType = 'E052';

/**
 * Reads a topology file and the `.avsc` files of its schema folder, and checks them. Imports no
 * processor, but looks whether their files are there. Problems are
 * in the result. A lock file beside the schemas is taken into account, unless `lock` is false.
 * @throws {ConfigError} TOPOLOGY_FILE when a file is not there or cannot be read; LOCK_FILE
 */
export function readTopology(
  file: string,
  options: { readonly lock?: false } = {},
): TopologySource {
  const path = resolve(file);
  const text = readText(path, file);
  const parsed = parseTopology(text, shortPath(path));
  const { definition, source } = parsed;
  const folder = dirname(path);
  const processors =
    definition?.processors === undefined ? undefined : resolve(folder, definition.processors);
  const schemas = readSchemas(definition, folder);
  const { catalog, problems: schemaProblems } = loadCatalog(schemas.files);
  const checked = definition === undefined ? { problems: [] } : check(definition, catalog);
  const unreadable = schemaProblems.length > 0 || schemas.problems.length > 0;
  const later = unreadable
    ? checked.problems.filter(({ code }) => code !== unknownType)
    : hintAtSubfolders(
        checked.problems,
        definition?.schemas === undefined ? undefined : resolve(folder, definition.schemas),
        unknownType,
      );
  const missing = definition === undefined ? [] : missingProcessors(definition, processors);
  const own = withoutFollowOns(parsed, [...later, ...schemas.problems, ...missing]);
  const { lock, ...locked } = lockFindings(path, options.lock !== false, {
    definition,
    catalog,
    graph: schemaProblems.length === 0 && isSound(own) ? checked.graph : undefined,
  });
  const problems = [...own, ...locked.problems];
  const sound = schemaProblems.length === 0 && isSound(problems);
  return {
    file: source.file,
    text,
    source,
    definition,
    graph: sound ? checked.graph : undefined,
    catalog,
    problems,
    schemaProblems,
    schemaFiles: schemas.files,
    processors,
    lock,
    notices: locked.notices,
  };
}

function isSound(problems: readonly Problem[]): boolean {
  return problems.every(({ severity }) => severity !== 'error');
}

/** What the lock file says; of a topology that is not sound nothing. */
function lockFindings(
  path: string,
  wanted: boolean,
  { definition, catalog, graph }: Pick<TopologySource, 'definition' | 'catalog' | 'graph'>,
): LockFindings & { readonly lock: FoundLock | undefined } {
  const at = !wanted || definition === undefined ? undefined : lockPath(path, definition);
  const lock = at === undefined ? undefined : readLock(at);
  if (lock === undefined || graph === undefined) return { lock, problems: [], notices: [] };
  return { lock, ...checkLock(graph, catalog, lock) };
}

/** Problems shown at most. */
const limit = 50;

/**
 * Problems of schemas, then of the topology, as text; how many there are in the last line. Empty if
 * there are none.
 */
export function renderTopologyProblems(topology: TopologySource): string {
  const parts = locateSchemaProblems(topology.schemaProblems, topology.schemaFiles);
  if (topology.problems.length > 0) parts.push(topology);
  let room = limit;
  const blocks: string[] = [];
  for (const { problems, source } of parts) {
    if (room <= 0) break;
    blocks.push(renderProblems(problems, source, { limit: room, count: false }));
    room -= problems.length;
  }
  if (blocks.length === 0) return '';
  const all = parts.flatMap(({ problems }) => problems);
  return `${blocks.join('')}${countLine(all, limit)}\n`;
}

/** Problems of schemas, then of the topology, as data for `JSON.stringify`. */
export function topologyProblemsToJson(topology: TopologySource): JsonProblem[] {
  const schemas = locateSchemaProblems(topology.schemaProblems, topology.schemaFiles);
  return [...schemas, topology].flatMap(({ problems, source }) => problemsToJson(problems, source));
}

/**
 * The graph of a topology without errors.
 * @throws {TopologyError} TOPOLOGY_PROBLEMS with all problems, rendered
 */
export function checkedGraph(topology: TopologySource): Graph {
  if (topology.graph !== undefined) return topology.graph;
  throw new TopologyError(
    renderTopologyProblems(topology),
    topology.problems,
    topology.schemaProblems,
  );
}

/**
 * Where a topology file declares a topic: at one of its keys, or at the name of its stream or
 * table.
 */
export function placeOfTopic({ definition, source }: TopologySource): PlaceOfTopic {
  return (topic, key) => {
    for (const section of ['streams', 'tables'] as const) {
      const declared = Object.entries(definition?.[section] ?? {});
      const [name] = declared.find(([, { topics }]) => topics.includes(topic)) ?? [];
      if (name === undefined) continue;
      const span = source.span([section, name, key]) ?? [0, 0];
      const { file, line, column } = source.position(span[0]);
      return `${file}:${line}:${column}`;
    }
    return undefined;
  };
}

function readSchemas(
  definition: Definition | undefined,
  base: string,
): { readonly files: readonly SchemaFile[]; readonly problems: readonly Problem[] } {
  if (definition?.schemas === undefined) return { files: [], problems: [] };
  const folder = resolve(base, definition.schemas);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    const message = `there is no folder ${shortPath(folder)}: "schemas:" is relative to this file`;
    const problem = { code: 'F001', severity: 'error', message, path: ['schemas'] } as const;
    return { files: [], problems: [problem] };
  }
  const names = readdirSync(folder).filter((name) => name.endsWith('.avsc'));
  const files = names.sort().map((name) => {
    const path = join(folder, name);
    return { file: shortPath(path), text: readText(path, shortPath(path)) };
  });
  return { files, problems: [] };
}

function readText(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file; check the path'
        : code === 'EISDIR'
          ? 'it is a folder'
          : code === 'EACCES'
            ? 'you may not read it'
            : `${code}`;
    throw new ConfigError('TOPOLOGY_FILE', `cannot read ${shown}: ${why}`, { cause: error });
  }
}
