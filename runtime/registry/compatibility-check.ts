import { checkCompatibility, type SchemaVersion } from '../../schemas/index.ts';
import type { CompatibilityMode } from '../ports.ts';

/**
 * Why a schema cannot be the next version after `older` ones (ascending) under a mode, a sentence for each thing that is in the way; empty: it can. Modes that
 * are not transitive look at the last version alone, as Confluent's registry does.
 */
export function compatibilityProblems(
  schema: string,
  older: readonly SchemaVersion[],
  mode: CompatibilityMode,
): readonly string[] {
  const { checks } = checkCompatibility(mode, schema, older);
  return checks.flatMap(({ version, direction, verdict }) =>
    verdict.differences
      .filter(({ effect }) => effect === 'breaks')
      .map(({ path, message }) => {
        const where = path === '' ? '' : `, at \`${path}\``;
        return direction === 'backward'
          ? `it cannot read what version ${version} wrote${where}: ${message}`
          : `version ${version} cannot read what it writes${where}: ${message}`;
      }),
  );
}
