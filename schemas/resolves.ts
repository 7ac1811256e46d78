import { buildType, newRegistry } from './avsc-types.ts';

/**
 * True when a reader with one schema reads what another one wrote, by Avro's rules for resolution
 * as the serdes apply them. Both are JSON texts of whole schemas.
 */
export function resolves(reader: string, writer: string): boolean {
  try {
    const type = buildType(JSON.parse(reader), newRegistry());
    type.createResolver(buildType(JSON.parse(writer), newRegistry()));
    return true;
  } catch {
    return false;
  }
}
