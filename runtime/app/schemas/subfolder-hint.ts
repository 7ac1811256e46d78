import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../../topology/core/problem.ts';
import { shortPath } from '../short-path.ts';

/** Findings about unknown types, told of subfolders of the folder of schemas that hold schemas: only the folder itself is read. `folder` undefined: there is none. */
export function hintAtSubfolders(
  problems: readonly Problem[],
  folder: string | undefined,
  code: string,
): readonly Problem[] {
  if (folder === undefined || problems.every((problem) => problem.code !== code)) return problems;
  const found = subfoldersWithSchemas(folder);
  if (found.length === 0) return problems;
  const message = `there are schemas in ${found.join(', ')}, and subfolders are not read: move them up`;
  return problems.map((problem) =>
    problem.code === code
      ? { ...problem, notes: [...(problem.notes ?? []), { message }] }
      : problem,
  );
}

function subfoldersWithSchemas(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .filter(holdsSchemas)
    .map(shortPath)
    .sort();
}

function holdsSchemas(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name.endsWith('.avsc'));
  } catch {
    // A hint: a folder that may not be read gives none.
    return false;
  }
}
