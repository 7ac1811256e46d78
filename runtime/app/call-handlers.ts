import { lookupName } from '../../processors/call-handler.ts';
import type { AvroSchemas } from '../../schemas/index.ts';
import type { SchemaCatalog } from '../../topology/core/avro.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { nearestName } from '../../topology/core/problem.ts';
import type { Definition } from '../../topology/definition/definition.ts';
import { compileHttpCall, type HttpCallOptions } from '../calls/http/call-options.ts';
import { HttpCall } from '../calls/http/http-call.ts';
import {
  functionFile,
  functionFiles,
  loadLookup,
  loadProcessors,
  usedFunctions,
} from './processors.ts';
import { shortPath } from './short-path.ts';

/** Where the functions of an application come from. */
export interface FunctionSources {
  /** Absolute folder of processors; undefined where the topology file names none. */
  readonly folder: string | undefined;
  readonly catalog: SchemaCatalog & AvroSchemas;
  /** Calls by HTTP. Those that the definition does not have are of other applications. */
  readonly calls: Readonly<Record<string, HttpCallOptions>>;
  readonly clock: Clock;
}

/** The functions of an application. */
export interface ApplicationFunctions {
  /** Kebab-case name → function. */
  readonly functions: ReadonlyMap<string, unknown>;
  /** Closes the connections of calls by HTTP. */
  close(): Promise<void>;
}

/**
 * All functions that a definition uses: those of the processors folder, and the handlers of calls
 * that are made by HTTP.
 * @throws {ConfigError} CALL_HANDLER where a call has no handler or two, CALL_LOOKUP, what
 * {@link compileHttpCall} finds wrong, PROCESSOR_FILE, PROCESSOR_IMPORT, PROCESSOR_EXPORT
 */
export async function openFunctions(
  definition: Definition,
  { folder, catalog, calls, clock }: FunctionSources,
): Promise<ApplicationFunctions> {
  const problems = Object.keys(definition.calls).flatMap((call) => {
    const problem = problemOf(call, folder, calls);
    return problem === undefined ? [] : [problem];
  });
  if (problems.length > 0) throw new ConfigError('CALL_HANDLER', problems.join('\n'));
  const byHttp = Object.entries(definition.calls).flatMap(([call, def]) => {
    const options = Object.hasOwn(calls, call) ? calls[call] : undefined;
    return options === undefined ? [] : [compileHttpCall(call, options, { def, catalog })];
  });
  for (const { call, lookup } of byHttp) refuseWithoutLookup(call, definition, lookup);
  const names = new Set(byHttp.map(({ call }) => call));
  const used = usedFunctions(definition).filter((name) => !names.has(name));
  const functions = new Map(await loadProcessors(used, folder));
  for (const call of Object.keys(definition.calls)) {
    const lookup = names.has(call) ? undefined : await loadLookup(call, folder);
    if (lookup !== undefined) functions.set(lookupName(call), lookup);
  }
  const opened = byHttp.map((call) => {
    const http = new HttpCall(call, clock);
    functions.set(call.call, http.handler);
    if (http.lookup !== undefined) functions.set(lookupName(call.call), http.lookup);
    return http;
  });
  return {
    functions,
    async close() {
      for (const http of opened) http.close();
    },
  };
}

function refuseWithoutLookup(call: string, { calls }: Definition, lookup: unknown): void {
  if (calls[call]?.effect?.kind !== 'lookup' || lookup !== undefined) return;
  throw new ConfigError(
    'CALL_LOOKUP',
    `call "${call}" says "effect: lookup", but calls.${call} of the runner file has no "lookup": add one`,
  );
}

function problemOf(
  call: string,
  folder: string | undefined,
  calls: FunctionSources['calls'],
): string | undefined {
  const file = folder === undefined ? undefined : functionFile(call, folder);
  if (Object.hasOwn(calls, call)) {
    if (file === undefined) return undefined;
    return `call "${call}" has two handlers: ${shortPath(file)}, and calls.${call} of the runner file: remove one of them`;
  }
  if (file !== undefined) return undefined;
  const where =
    folder === undefined
      ? 'the topology file names no folder of processors'
      : `there is no ${call}.ts in ${shortPath(folder)}`;
  const near = nearestName(call, [...Object.keys(calls), ...functionFiles(folder)]);
  return (
    `call "${call}" has no handler: ${where}, and the runner file has no calls.${call}: add one of them` +
    (near === undefined ? '' : `; did you mean "${near}"?`)
  );
}
