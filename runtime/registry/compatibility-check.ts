import { resolves } from '../../schemas/index.ts';
import type { CompatibilityMode } from '../ports.ts';

/** An older version, to be compared with. */
export interface OlderVersion {
  readonly version: number;
  /** JSON text of the whole schema. */
  readonly schema: string;
}

/**
 * Why a schema cannot be the next version under a mode, a sentence for each older version that it does not go with; empty: it can. Modes that are not transitive
 * look at the last version alone, as Confluent's registry does.
 */
export function compatibilityProblems(
  schema: string,
  older: readonly OlderVersion[],
  mode: CompatibilityMode,
): readonly string[] {
  if (mode === 'NONE') return [];
  const compared = mode.endsWith('_TRANSITIVE') ? older : older.slice(-1);
  return compared.flatMap(({ version, schema: text }) => {
    const problems: string[] = [];
    if (!mode.startsWith('FORWARD') && !resolves(schema, text)) {
      problems.push(`it cannot read what version ${version} wrote`);
    }
    if (!mode.startsWith('BACKWARD') && !resolves(text, schema)) {
      problems.push(`version ${version} cannot read what it writes`);
    }
    return problems;
  });
}
