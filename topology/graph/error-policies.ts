import { deadLetterTopic } from '../core/names.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { Definition, ErrorPolicyDef, ParkByKey } from '../definition/definition.ts';

/** An error policy, and where it is written; without a path it is implied. */
export interface PlacedPolicy {
  readonly policy: ErrorPolicyDef;
  readonly path?: DefinitionPath;
}

/** What happens to a failing record where its stage says nothing (language.md, rule 3). */
export function defaultPolicy(definition: Definition): ErrorPolicyDef {
  return definition.errors?.default ?? { deadLetter: deadLetterTopic(definition.application) };
}

/** Every policy of an application: the default, and those that stages have of their own. */
export function policiesOf(definition: Definition): readonly PlacedPolicy[] {
  const fallback = { policy: defaultPolicy(definition) };
  const written = definition.errors?.default !== undefined;
  return [
    written ? { ...fallback, path: ['errors', 'default'] } : fallback,
    ...Object.entries(definition.stages).flatMap(([name, { errors }]) =>
      errors === undefined ? [] : [{ policy: errors, path: ['stages', name, 'errors'] }],
    ),
  ];
}

/** How a policy parks; undefined: it does not. */
export function parkingOfPolicy(policy: ErrorPolicyDef): ParkByKey | undefined {
  return 'deadLetter' in policy ? policy.parkByKey : undefined;
}

/** True where some record that fails parks its key. */
export function parksKeys(definition: Definition): boolean {
  return policiesOf(definition).some(({ policy }) => parkingOfPolicy(policy) !== undefined);
}
