import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type AvroSchemas, loadCatalog, type SchemaProblem } from '../../schemas/index.ts';
import { renderProblems } from '../../topology/check/render.ts';
import type { SchemaCatalog } from '../../topology/core/avro.ts';
import { ConfigError, StreamsError } from '../../topology/core/errors.ts';
import type { Problem } from '../../topology/core/problem.ts';
import type { Definition } from '../../topology/definition/definition.ts';
import type { SourceMap } from '../../topology/definition/source-map.ts';
import { check } from '../../topology/graph/check.ts';
import type { Graph } from '../../topology/graph/graph.ts';
import { parseTopology } from '../../topology/yaml/parse.ts';

/** All problems of a topology file and its schemas, rendered. The reaction: mend the file. */
export class TopologyError extends StreamsError {
  readonly problems: readonly Problem[];
  readonly schemaProblems: readonly SchemaProblem[];

  constructor(
    text: string,
    problems: readonly Problem[],
    schemaProblems: readonly SchemaProblem[],
  ) {
    super('TOPOLOGY_PROBLEMS', text);
    this.problems = problems;
    this.schemaProblems = schemaProblems;
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
  /** Absolute folder of processors; undefined where the file names none. */
  readonly processors: string | undefined;
}

/**
 * Reads a topology file and the `.avsc` files of its schema folder, and checks them. Imports no processor. Problems are in the result.
 * @throws {ConfigError} TOPOLOGY_FILE, SCHEMA_FOLDER when a file or folder is not there or cannot be read
 */
export function readTopology(file: string): TopologySource {
  const path = resolve(file);
  const text = readText(path, file);
  const shown = shortPath(path);
  const { definition, problems, source } = parseTopology(text, shown);
  const folder = dirname(path);
  const schemas =
    definition?.schemas === undefined ? [] : readSchemas(resolve(folder, definition.schemas));
  const { catalog, problems: schemaProblems } = loadCatalog(schemas);
  const checked = definition === undefined ? { problems: [] } : check(definition, catalog);
  const all = [...problems, ...checked.problems];
  const errors = [...all, ...schemaProblems].some(
    (problem) => !('severity' in problem) || problem.severity === 'error',
  );
  return {
    file: shown,
    text,
    source,
    definition,
    graph: errors ? undefined : checked.graph,
    catalog,
    problems: all,
    schemaProblems,
    processors:
      definition?.processors === undefined ? undefined : resolve(folder, definition.processors),
  };
}

/** Problems of schemas, then of the topology, as text. */
export function renderTopologyProblems(topology: TopologySource): string {
  const schemas = topology.schemaProblems.map(renderSchemaProblem).join('');
  return schemas + renderProblems(topology.problems, topology.source);
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

function renderSchemaProblem(problem: SchemaProblem): string {
  const { at } = problem;
  return `${at.file}:${at.line}:${at.column} error[${problem.code}] ${problem.message}\n\n`;
}

function readSchemas(folder: string): { file: string; text: string }[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new ConfigError(
      'SCHEMA_FOLDER',
      `there is no folder of schemas at ${shortPath(folder)}: "schemas:" is relative to the topology file`,
    );
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.avsc'))
    .sort()
    .map((name) => {
      const path = join(folder, name);
      return { file: shortPath(path), text: readText(path, shortPath(path)) };
    });
}

function readText(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a folder'
          : `${code}`;
    throw new ConfigError('TOPOLOGY_FILE', `cannot read ${shown}: ${why}`, { cause: error });
  }
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
