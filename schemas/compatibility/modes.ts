import { parseSchema } from './parsed-schema.ts';
import type { ParsedSchema } from './parsed-schema.ts';
import type { ReadVerdict } from './read-check.ts';
import { canRead } from './read-check.ts';

/**
 * What a new version of a subject must keep to, as Confluent's registry calls it. `BACKWARD`: it
 * reads what the newest version wrote; `FORWARD`: the newest version reads what it writes; `FULL`:
 * both. With `_TRANSITIVE`, all versions instead of the newest.
 */
export const compatibilityModes = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;

export type CompatibilityMode = (typeof compatibilityModes)[number];

/** A schema that is registered already. */
export interface SchemaVersion {
  readonly version: number;
  /** JSON text of the whole schema. */
  readonly schema: string;
}

/** One comparison that a mode asks for. */
export interface CompatibilityCheck {
  /** The version that was compared with. */
  readonly version: number;
  /** `backward`: the new schema reads what the version wrote; `forward`: the other way round. */
  readonly direction: 'backward' | 'forward';
  readonly verdict: ReadVerdict;
}

/** Whether a mode allows a schema as the next version. */
export interface CompatibilityVerdict {
  readonly compatible: boolean;
  /** All comparisons that the mode asks for, newest version first. */
  readonly checks: readonly CompatibilityCheck[];
}

/**
 * Says whether a subject with the mode takes a schema after its versions (in ascending order). The
 * first schema of a subject is always taken.
 * @throws {SyntaxError} when one of them is no schema
 */
export function checkCompatibility(
  mode: CompatibilityMode,
  schema: string,
  versions: readonly SchemaVersion[],
): CompatibilityVerdict {
  const next = parseSchema(schema);
  const newestFirst = versions.toReversed();
  const against = mode.endsWith('_TRANSITIVE') ? newestFirst : newestFirst.slice(0, 1);
  const checks =
    mode === 'NONE'
      ? []
      : against.flatMap(({ version, schema: text }) =>
          compare(mode, next, parseSchema(text)).map((check) => ({ version, ...check })),
        );
  return { compatible: checks.every(({ verdict }) => verdict.compatible), checks };
}

function compare(
  mode: CompatibilityMode,
  next: ParsedSchema,
  older: ParsedSchema,
): Omit<CompatibilityCheck, 'version'>[] {
  const checks: Omit<CompatibilityCheck, 'version'>[] = [];
  if (!mode.startsWith('FORWARD')) {
    checks.push({ direction: 'backward', verdict: canRead(next, older) });
  }
  if (!mode.startsWith('BACKWARD')) {
    checks.push({ direction: 'forward', verdict: canRead(older, next) });
  }
  return checks;
}
