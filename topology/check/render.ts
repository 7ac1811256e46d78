import type { Problem, ProblemNote } from '../core/problem.ts';
import type { Definition } from '../definition/definition.ts';
import type { SourceMap } from '../definition/source-map.ts';
import type { Span } from '../definition/written.ts';
import { showLine } from './cells.ts';
import type { Located } from './located.ts';
import { locate, notePlace, pathText } from './located.ts';
import { valueAt } from './value-at.ts';

/** How problems are shown. */
export interface RenderOptions {
  /** Problems shown at most; the last line counts them all. @defaultValue 50 */
  readonly limit?: number;
  /**
   * Where there is no file: the definition that the problems are about, so that expressions can be
   * shown.
   */
  readonly definition?: Definition;
  /** The last line, which counts the problems. @defaultValue true */
  readonly count?: boolean;
}

const defaultLimit = 50;
/** Longer lines are shown in part. */
const maxCells = 200;
const indent = ' '.repeat(6);

/**
 * Problems as text, in the order of the file: `file:line:column severity[code] message`, the line
 * with carets under what is meant, suggestion and notes; in the
 * end how many there are. Columns are cells of a terminal, from 1. Without a source map (a
 * definition from the builder) the path stands where the file would.
 * Empty if there are no problems; otherwise it ends with a line break.
 */
export function renderProblems(
  problems: readonly Problem[],
  source: SourceMap | undefined,
  options: RenderOptions = {},
): string {
  if (problems.length === 0) return '';
  const limit = options.limit ?? defaultLimit;
  const located = locate(problems, source);
  const blocks = located.slice(0, limit).map((one) => renderOne(one, source, options.definition));
  const count = options.count === false ? '' : `${countLine(problems, limit)}\n`;
  return `${blocks.join('\n')}\n${count}`;
}

function renderOne(
  { problem, span }: Located,
  source: SourceMap | undefined,
  definition: Definition | undefined,
): string {
  const excerpt =
    span === undefined || source === undefined
      ? definitionExcerpt(problem, definition)
      : fileExcerpt(source, span);
  const title = `${problem.severity}[${problem.code}] ${problem.message}`;
  const lines = [`${excerpt?.place ?? pathText(problem.path)} ${title}`.trimStart()];
  const hint = problem.suggestion === undefined ? '' : ` ${problem.suggestion}`;
  if (excerpt !== undefined) {
    lines.push(
      `${excerpt.number.padStart(5)} | ${excerpt.text}`.trimEnd(),
      `${indent}| ${' '.repeat(excerpt.pad)}${'^'.repeat(excerpt.width)}${hint}`,
    );
  } else if (hint !== '') {
    lines.push(`${indent}=${hint}`);
  }
  for (const note of problem.notes ?? []) lines.push(`${indent}= ${noteText(note, source)}`);
  return `${lines.join('\n')}\n`;
}

interface Excerpt {
  readonly place: string;
  readonly number: string;
  readonly text: string;
  /** Cells before the carets, and carets. */
  readonly pad: number;
  readonly width: number;
}

/** The first line of a span. */
function fileExcerpt(source: SourceMap, [start, end]: Span): Excerpt {
  const { line } = source.position(start);
  const [lineStart, lineEnd] = source.line(line);
  const shown = showLine(source.text.slice(lineStart, lineEnd));
  const from = shown.cell(Math.min(start, lineEnd) - lineStart);
  const to = shown.cell(Math.min(end, lineEnd) - lineStart);
  return {
    place: `${source.file}:${line}:${from + 1}`,
    number: String(line),
    ...crop(shown.text, from, Math.max(1, to - from)),
  };
}

/** An expression of a definition that has no file. */
function definitionExcerpt(
  problem: Problem,
  definition: Definition | undefined,
): Excerpt | undefined {
  if (definition === undefined || problem.range === undefined) return undefined;
  const text = valueAt(definition, problem.path);
  if (typeof text !== 'string') return undefined;
  const [start, end] = problem.range;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = `${text}\n`.indexOf('\n', start);
  const shown = showLine(text.slice(lineStart, lineEnd));
  const from = shown.cell(start - lineStart);
  const to = shown.cell(Math.min(end, lineEnd) - lineStart);
  const cropped = crop(shown.text, from, Math.max(1, to - from));
  return { place: pathText(problem.path), number: '', ...cropped };
}

/** A very long line is shown around the carets. */
function crop(text: string, pad: number, width: number): Pick<Excerpt, 'text' | 'pad' | 'width'> {
  if (showLine(text).cell(text.length) <= maxCells) return { text, pad, width };
  const shown = showLine(text);
  const from = Math.max(0, Math.min(pad - maxCells / 4, shown.cell(text.length) - maxCells));
  let kept = '';
  let before: number | undefined;
  for (let i = 0; i < text.length; i++) {
    const cell = shown.cell(i);
    if (cell < from || cell >= from + maxCells) continue;
    before ??= cell;
    kept += text[i];
  }
  const start = before ?? 0;
  const head = start > 0 ? '…' : '';
  const tail = start + maxCells < shown.cell(text.length) ? '…' : '';
  const room = Math.max(1, start + maxCells - pad);
  return {
    text: `${head}${kept}${tail}`,
    pad: pad - start + head.length,
    width: Math.min(width, room),
  };
}

/**
 * The place stands where the message says `{at}`, behind the name in `NAME has …`, otherwise at the
 * end.
 */
function noteText(note: ProblemNote, source: SourceMap | undefined): string {
  const place = notePlace(note, source);
  const text =
    place === undefined || typeof place === 'string'
      ? place
      : `${place.file}:${place.line}:${place.column}`;
  const at = text === undefined ? '' : ` at ${text}`;
  if (note.message.includes('{at}')) return note.message.replace(/ ?\{at\}/, at);
  const has = /^\S+(?= has )/.exec(note.message)?.[0];
  if (has !== undefined) return `${has}${at}${note.message.slice(has.length)}`;
  return text === undefined ? note.message : `${note.message} (${text})`;
}

/** How many problems there are, and how many of them are shown if not all: `2 errors, 1 warning`. */
export function countLine(problems: readonly Problem[], limit: number = defaultLimit): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const parts = [
    ...(errors > 0 ? [`${errors} ${errors === 1 ? 'error' : 'errors'}`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
  ];
  const counts = parts.join(', ');
  return problems.length > limit ? `${counts}; the first ${limit} are shown` : counts;
}
