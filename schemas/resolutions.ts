import type { Type } from 'avsc';
import { parseExactJson } from '../topology/core/exact-json.ts';
import { buildType, newRegistry } from './avsc-types.ts';
import { parseSchema } from './compatibility/parsed-schema.ts';
import { wholeSchema } from './compatibility/whole-schema.ts';

/** How to read with one schema what another one wrote. */
export interface Resolution {
  readonly writer: Type;
  readonly resolver: NonNullable<Parameters<Type['decode']>[2]>;
}

/** Reader's type → text of the writer's schema → how, or why not. */
const known = new WeakMap<Type, Map<string, Resolution | Error>>();

/**
 * How `reader` reads what the schema with the text `writer` wrote, worked out once for each pair,
 * whatever serde asks. Names match without their namespaces.
 * @throws {Error} with the reason where it cannot
 */
export function resolutionOf(reader: Type, writer: string): Resolution {
  let ofReader = known.get(reader);
  if (ofReader === undefined) {
    ofReader = new Map();
    known.set(reader, ofReader);
  }
  let found = ofReader.get(writer);
  if (found === undefined) {
    found = resolve(reader, writer);
    ofReader.set(writer, found);
  }
  if (found instanceof Error) throw found;
  return found;
}

function resolve(reader: Type, text: string): Resolution | Error {
  try {
    const writer = buildType(wholeSchema(parseSchema(text), { defaults: false }), newRegistry());
    return { writer, resolver: reader.createResolver(writer) };
  } catch (error) {
    return error as Error;
  }
}

/**
 * True when a reader with one schema reads what another one wrote, by Avro's rules for resolution
 * as the serdes apply them. Both are JSON texts of whole schemas.
 */
export function resolves(reader: string, writer: string): boolean {
  try {
    resolutionOf(buildType(parseExactJson(reader), newRegistry()), writer);
    return true;
  } catch {
    return false;
  }
}
