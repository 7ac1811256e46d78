import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lookupName } from '../../processors/call-handler.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { camelCase } from '../../topology/core/names.ts';
import { type DefinitionPath, nearestName, type Problem } from '../../topology/core/problem.ts';
import type { Definition, Fn, ValueFn } from '../../topology/definition/definition.ts';
import { shortPath } from './short-path.ts';

const extensions = ['.ts', '.mts', '.js', '.mjs'];

/** A function that a definition uses, and where it says so. */
interface FunctionUse {
  readonly name: string;
  readonly path: DefinitionPath;
  readonly on?: 'key';
}

/**
 * Names of all functions that a definition uses: stages, `use:` functions and call handlers, each
 * once, sorted.
 */
export function usedFunctions(definition: Definition): readonly string[] {
  return [...new Set(functionUses(definition).map(({ name }) => name))].sort();
}

/**
 * Functions that a definition uses and whose files are not there. Looks at names of files only:
 * imports nothing. `folder` is absolute; undefined where the definition names none.
 *
 * A call may have its handler in a runner file, which is not read here: `run` says where one has none.
 */
export function missingProcessors(definition: Definition, folder: string | undefined): Problem[] {
  const uses = functionUses(definition).filter(({ on }) => on !== 'key');
  if (uses.length === 0) return [];
  if (folder === undefined) return uses.map(withoutFolder);
  if (!existsSync(folder)) {
    const message = `there is no folder ${shortPath(folder)}: "processors:" is relative to this file`;
    return [{ code: 'F001', severity: 'error', message, path: ['processors'] }];
  }
  const present = functionFiles(folder);
  return uses
    .filter(({ name }) => !present.includes(name))
    .map(({ name, ...at }) => {
      const near = nearestName(name, present);
      return {
        code: 'F002',
        severity: 'error',
        message: `processor "${name}" is missing: there is no ${shortPath(join(folder, name))}.ts`,
        ...at,
        ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
      };
    });
}

function withoutFolder({ name, ...at }: FunctionUse): Problem {
  const message = `"${name}" is a function, but the file names no folder for it`;
  const suggestion = 'add "processors: <folder>" at the top of the file';
  return { code: 'F003', severity: 'error', message, suggestion, ...at };
}

function functionUses(definition: Definition): FunctionUse[] {
  const uses: FunctionUse[] = Object.keys(definition.calls).map((name) => ({
    name,
    path: ['calls', name],
    on: 'key',
  }));
  const visit = (value: unknown, path: DefinitionPath): void => {
    if (typeof value !== 'object' || value === null) return;
    const { use } = value as Partial<Extract<Fn | ValueFn, { use: string }>>;
    if (typeof use === 'string') uses.push({ name: use, path: [...path, 'use'] });
    for (const [step, inner] of Object.entries(value)) {
      visit(inner, [...path, Array.isArray(value) ? Number(step) : step]);
    }
  };
  visit(definition.stages, ['stages']);
  return uses;
}

/** Names that files of a folder of processors stand for; none where there is no folder. */
export function functionFiles(folder: string | undefined): string[] {
  if (folder === undefined || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => extensions.some((extension) => file.endsWith(extension)))
    .map((file) => file.replace(/\.m?[tj]s$/, ''));
}

/**
 * Imports the functions that a definition uses from its processors folder: `fan-out` is the export
 * `fanOut` of `fan-out.ts` (or .mts, .js, .mjs).
 * @throws {ConfigError} PROCESSOR_FILE, PROCESSOR_IMPORT or PROCESSOR_EXPORT naming all that is
 * wrong
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

/** The file of a function in a folder of processors; undefined: there is none. */
export function functionFile(name: string, folder: string): string | undefined {
  return extensions.map((extension) => join(folder, name + extension)).find(existsSync);
}

async function loadProcessor(name: string, folder: string | undefined): Promise<unknown> {
  if (folder === undefined) {
    throw new ConfigError(
      'PROCESSOR_FILE',
      `"${name}" is a function, but the topology file names no folder for it: add "processors: <folder>"`,
    );
  }
  const file = functionFile(name, folder);
  if (file === undefined) throw missing(name, folder);
  const exported = camelCase(name);
  const module = await importFile(name, file);
  if (typeof module[exported] === 'function') return module[exported];
  const others = Object.keys(module).filter((key) => typeof module[key] === 'function');
  throw new ConfigError(
    'PROCESSOR_EXPORT',
    `${shortPath(file)} does not export the function "${exported}"` +
      `${others.length === 0 ? '' : ` (it exports ${others.join(', ')})`}: export it under that name`,
  );
}

/**
 * The look-up of a call, beside its handler: `paymentsLookup` of `payments.ts`. Undefined: there is none.
 * @throws {ConfigError} PROCESSOR_IMPORT
 */
export async function loadLookup(call: string, folder: string | undefined): Promise<unknown> {
  const file = folder === undefined ? undefined : functionFile(call, folder);
  if (file === undefined) return undefined;
  const module = await importFile(call, file);
  const lookup = module[camelCase(lookupName(call))];
  return typeof lookup === 'function' ? lookup : undefined;
}

async function importFile(name: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new ConfigError(
      'PROCESSOR_IMPORT',
      `processor "${name}" cannot be loaded: ${shortPath(file)}${lineIn(error, file)} throws on import: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function missing(name: string, folder: string): ConfigError {
  const near = nearestName(name, functionFiles(folder));
  return new ConfigError(
    'PROCESSOR_FILE',
    `processor "${name}" is missing: there is no ${shortPath(join(folder, name))}.ts` +
      (near === undefined ? '' : `; did you mean "${near}"?`),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `:12` where the stack tells which line of the file threw. */
function lineIn(error: unknown, file: string): string {
  if (!(error instanceof Error) || error.stack === undefined) return '';
  const url = pathToFileURL(file).href;
  const at = error.stack.split('\n').find((line) => line.includes(url));
  return at?.slice(at.indexOf(url) + url.length).match(/^:\d+/)?.[0] ?? '';
}
