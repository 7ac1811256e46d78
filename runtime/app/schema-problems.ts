import type { SchemaFile, SchemaProblem } from '../../schemas/index.ts';
import type { Problem } from '../../topology/core/problem.ts';
import { sourceMap, type SourceMap } from '../../topology/definition/source-map.ts';

/** Problems of one schema file, in the form in which those of a topology are shown. */
export interface LocatedSchemaProblems {
  readonly source: SourceMap;
  readonly problems: readonly Problem[];
}

/** The problems of schemas by file, in the order in which the files have their first one. */
export function locateSchemaProblems(
  problems: readonly SchemaProblem[],
  files: readonly SchemaFile[],
): LocatedSchemaProblems[] {
  const names = [...new Set(problems.map(({ at }) => at.file))];
  return names.map((name) => {
    const text = files.find(({ file }) => file === name)?.text ?? '';
    const source = sourceMap(name, text, new Map());
    const own = problems.filter(({ at }) => at.file === name);
    return { source, problems: own.map((problem) => located(problem, source)) };
  });
}

function located(problem: SchemaProblem, source: SourceMap): Problem {
  const { code, severity, message, at, suggestion, notes } = problem;
  const start = source.line(at.line)[0] + at.column - 1;
  return {
    code,
    severity,
    message,
    path: [],
    span: [start, start + tokenLength(source.text.slice(start))],
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(notes === undefined ? {} : { notes }),
  };
}

/** A whole text or word; of an object or a list its bracket. */
function tokenLength(rest: string): number {
  return /^(?:"(?:[^"\\\n]|\\.)*"?|[\w.+-]+)/.exec(rest)?.[0].length ?? 1;
}
