import type { CompatibilityMode } from '../ports.ts';

/** All modes, the strictest last of each kind. */
export const compatibilityModes: readonly CompatibilityMode[] = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
];

/** True for the name of a mode. */
export function isMode(name: unknown): name is CompatibilityMode {
  return (compatibilityModes as readonly unknown[]).includes(name);
}
