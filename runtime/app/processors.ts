import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../../topology/core/errors.ts';
import { camelCase } from '../../topology/core/names.ts';
import { nearestName } from '../../topology/core/problem.ts';
import type { Definition, Fn, ValueFn } from '../../topology/definition/definition.ts';

const extensions = ['.ts', '.mts', '.js', '.mjs'];

/** Names of all functions that a definition uses: stages, `use:` functions and call handlers, each once, sorted. */
export function usedFunctions(definition: Definition): readonly string[] {
  const names = new Set<string>(Object.keys(definition.calls));
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const use = (value as Partial<Extract<Fn | ValueFn, { use: string }>>).use;
    if (typeof use === 'string') names.add(use);
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(definition.stages);
  return [...names].sort();
}

/**
 * Imports the functions that a definition uses from its processors folder: `fan-out` is the export `fanOut` of `fan-out.ts` (or .mts, .js, .mjs).
 * @throws {ConfigError} PROCESSOR_FILE, PROCESSOR_IMPORT or PROCESSOR_EXPORT naming all that is wrong
 */
export async function loadProcessors(
  names: readonly string[],
  folder: string | undefined,
): Promise<ReadonlyMap<string, unknown>> {
  const functions = new Map<string, unknown>();
  const problems: ConfigError[] = [];
  for (const name of names) {
    try {
      functions.set(name, await loadProcessor(name, folder));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(error);
    }
  }
  const [first] = problems;
  if (first === undefined) return functions;
  if (problems.length === 1) throw first;
  throw new ConfigError(first.code, problems.map((problem) => problem.message).join('\n'));
}

async function loadProcessor(name: string, folder: string | undefined): Promise<unknown> {
  if (folder === undefined) {
    throw new ConfigError(
      'PROCESSOR_FILE',
      `"${name}" is a function, but the topology file names no folder for it: add "processors: <folder>"`,
    );
  }
  const file = extensions.map((extension) => join(folder, name + extension)).find(existsSync);
  if (file === undefined) throw missing(name, folder);
  const exported = camelCase(name);
  const module = await importFile(name, file);
  if (typeof module[exported] === 'function') return module[exported];
  const others = Object.keys(module).filter((key) => typeof module[key] === 'function');
  throw new ConfigError(
    'PROCESSOR_EXPORT',
    `${display(file)} does not export the function "${exported}"` +
      (others.length === 0 ? '' : ` (it exports ${others.join(', ')})`),
  );
}

async function importFile(name: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new ConfigError(
      'PROCESSOR_IMPORT',
      `processor "${name}" cannot be loaded: ${display(file)} throws on import: ${messageOf(error)}${placeIn(error, file)}`,
      { cause: error },
    );
  }
}

function missing(name: string, folder: string): ConfigError {
  const present = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => extensions.some((extension) => file.endsWith(extension)))
        .map((file) => file.replace(/\.m?[tj]s$/, ''))
    : [];
  const near = nearestName(name, present);
  return new ConfigError(
    'PROCESSOR_FILE',
    `processor "${name}" is missing: there is no ${display(join(folder, name))}.ts` +
      (near === undefined ? '' : `; did you mean "${near}"?`),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** ` (line 12)` where the stack tells where in the file it was thrown. */
function placeIn(error: unknown, file: string): string {
  if (!(error instanceof Error) || error.stack === undefined) return '';
  const url = pathToFileURL(file).href;
  const at = error.stack.split('\n').find((line) => line.includes(url));
  const line = at?.slice(at.indexOf(url) + url.length).match(/^:(\d+)/)?.[1];
  return line === undefined ? '' : ` (line ${line})`;
}

function display(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
