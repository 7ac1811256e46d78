import type { DefinitionPath } from '../core/problem.ts';
import type { Definition } from '../definition/definition.ts';

/** What a definition holds at a path; undefined if it holds nothing there. */
export function valueAt(definition: Definition, path: DefinitionPath): unknown {
  let value: unknown = definition;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
