import type { DefinitionPath, Problem, ProblemNote } from '../core/problem.ts';
import type { SourceMap } from '../definition/source-map.ts';
import type { Span } from '../definition/written.ts';

/** A problem and where it stands in the file, if there is one. */
export interface Located {
  readonly problem: Problem;
  readonly span: Span | undefined;
}

/** Problems with their places, in the order of the file; without a file in the order given. */
export function locate(problems: readonly Problem[], source: SourceMap | undefined): Located[] {
  const located = problems.map((problem) => ({ problem, span: spanOf(problem, source) }));
  return located.sort((a, b) => (a.span?.[0] ?? -1) - (b.span?.[0] ?? -1));
}

/** Offsets in the file that a problem or a note points at. */
export function spanOf(
  about: Pick<Problem, 'span' | 'on' | 'range'> & { readonly path?: DefinitionPath },
  source: SourceMap | undefined,
): Span | undefined {
  if (source === undefined) return undefined;
  if (about.span !== undefined) return about.span;
  if (about.path === undefined) return undefined;
  return source.span(about.path, {
    ...(about.on === undefined ? {} : { on: about.on }),
    ...(about.range === undefined ? {} : { range: about.range }),
  });
}

/**
 * Where a note points: into the topology file, another file, or (without a file) a path of the
 * definition.
 */
export function notePlace(
  note: ProblemNote,
  source: SourceMap | undefined,
): { readonly file: string; readonly line: number; readonly column: number } | string | undefined {
  if (note.at !== undefined) return note.at;
  const span = spanOf(note, source);
  if (span !== undefined && source !== undefined) return source.position(span[0]);
  return note.path === undefined || note.path.length === 0 ? undefined : pathText(note.path);
}

/** `stages.charge.inputs[0].from[0]` */
export function pathText(path: DefinitionPath): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('');
}
