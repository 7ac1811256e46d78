import type { Problem } from '../core/problem.ts';
import type { SourceMap } from '../definition/source-map.ts';
import { locate, notePlace, pathText } from './located.ts';

/** A place in a file: lines and columns (UTF-16 units) from 1; the end is exclusive. */
export interface JsonPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A problem as `check --json` prints it. */
export interface JsonProblem extends Partial<JsonPlace> {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** `stages.charge.operator.request.amountCents` */
  readonly path: string;
  readonly suggestion?: string;
  readonly notes?: readonly JsonNote[];
}

/** A further line of a problem. */
export interface JsonNote {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: string;
}

/** All problems, in the order of the file, as data for `JSON.stringify`. */
export function problemsToJson(
  problems: readonly Problem[],
  source: SourceMap | undefined,
): JsonProblem[] {
  return locate(problems, source).map(({ problem, span }) => {
    const { code, severity, message, suggestion, notes } = problem;
    const place = span === undefined || source === undefined ? {} : jsonPlace(source, span);
    return {
      code,
      severity,
      message,
      path: pathText(problem.path),
      ...place,
      ...(suggestion === undefined ? {} : { suggestion }),
      ...(notes === undefined ? {} : { notes: notes.map((note) => jsonNote(note, source)) }),
    };
  });
}

function jsonPlace(source: SourceMap, [start, end]: readonly [number, number]): JsonPlace {
  const to = source.position(end);
  return { ...source.position(start), endLine: to.line, endColumn: to.column };
}

function jsonNote(
  note: NonNullable<Problem['notes']>[number],
  source: SourceMap | undefined,
): JsonNote {
  const place = notePlace(note, source);
  const message = note.message.replace(/ ?\{at\}/, '');
  if (place === undefined) return { message };
  return typeof place === 'string' ? { message, path: place } : { message, ...place };
}
