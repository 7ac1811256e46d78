import type { Observable } from 'rxjs';
import { ConfigError } from '../topology/core/errors.ts';

/**
 * What a user's stage returns beside its outputs; also the only output of a stage that declares
 * none.
 */
export const effects = 'effects';

/** Who returned the outputs, and which the plan declares. */
export interface DeclaredOutputs {
  readonly processor: string;
  readonly stage: string;
  readonly outputs: readonly string[];
}

/**
 * What a user's stage returned, if it is an observable for every declared output and for nothing
 * else but `effects`.
 * @throws {ConfigError} PROCESS_OUTPUTS, PROCESS_OUTPUT_MISSING, PROCESS_OUTPUT_UNDECLARED
 */
export function checkOutputs(
  result: unknown,
  declared: DeclaredOutputs,
): Readonly<Record<string, Observable<unknown>>> {
  const { processor, stage, outputs } = declared;
  if (typeof result !== 'object' || result === null) {
    throw new ConfigError(
      'PROCESS_OUTPUTS',
      `processor "${processor}" must return its outputs, one observable each`,
    );
  }
  const given = result as Readonly<Record<string, Observable<unknown>>>;
  for (const output of outputs) demand(declared, output, given[output]);
  for (const [output, observable] of Object.entries(given)) {
    if (output !== effects && !outputs.includes(output)) {
      throw new ConfigError(
        'PROCESS_OUTPUT_UNDECLARED',
        `processor "${processor}" returns "${output}", which stage "${stage}" does not declare: ` +
          'add it to its `out`',
      );
    }
    demand(declared, output, observable);
  }
  return given;
}

function demand(declared: DeclaredOutputs, output: string, observable: unknown): void {
  if (typeof observable === 'object' && observable !== null && 'subscribe' in observable) return;
  throw new ConfigError(
    'PROCESS_OUTPUT_MISSING',
    `processor "${declared.processor}" returns no observable for "${output}", which stage ` +
      `"${declared.stage}" declares`,
  );
}
