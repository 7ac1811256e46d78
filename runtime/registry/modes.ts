import { type CompatibilityMode, compatibilityModes } from '../../schemas/index.ts';

/** True for the name of a mode. */
export function isMode(name: unknown): name is CompatibilityMode {
  return (compatibilityModes as readonly unknown[]).includes(name);
}
