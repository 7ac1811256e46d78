import type { FilePosition } from '../core/avro.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { Mark } from './place.ts';
import { pathKey } from './place.ts';
import type { Span } from './written.ts';

/** What to look up at a path, as in a `Problem`. */
export interface Spot {
  readonly on?: 'key' | 'value';
  readonly range?: readonly [start: number, end: number];
}

/** From paths of a definition to the file it was read from. */
export interface SourceMap {
  /** As it was named when read. */
  readonly file: string;
  readonly text: string;
  /**
   * Offsets in the text of what stands at a path. What cannot be pointed at as one stretch (a map,
   * a list) is shown by its key; a path that is not written down
   * by its nearest parent. Undefined only where not even the root is known.
   */
  span(path: DefinitionPath, spot?: Spot): Span | undefined;
  /** Line and column (UTF-16 units) of an offset, from 1. A byte order mark counts for nothing. */
  position(offset: number): FilePosition;
  /** Offsets of a line's text, without its line break. */
  line(number: number): Span;
}

/** Makes a source map of what the reading of a file marked. */
export function sourceMap(file: string, text: string, marks: ReadonlyMap<string, Mark>): SourceMap {
  const starts = lineStarts(text);
  const lineOf = (offset: number) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    file,
    text,
    span(path, spot = {}) {
      for (let depth = path.length; depth >= 0; depth--) {
        const mark = marks.get(pathKey(path.slice(0, depth)));
        if (mark !== undefined) return spanOf(mark, depth === path.length ? spot : {});
      }
      return undefined;
    },
    position(offset) {
      const line = lineOf(offset);
      return { file, line: line + 1, column: Math.max(0, offset - (starts[line] as number)) + 1 };
    },
    line(number) {
      const start = starts[number - 1] ?? text.length;
      const next = starts[number] ?? text.length + 1;
      const end = next - 1;
      return [start, text[end - 1] === '\r' && end > start ? end - 1 : end];
    },
  };
}

/** A byte order mark stands before the first line. */
function lineStarts(text: string): number[] {
  const starts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return starts;
}

function spanOf({ key, value }: Mark, { on = 'value', range }: Spot): Span {
  if (on === 'key' && key !== undefined) return key.span;
  if (value.kind !== 'scalar' || value.style === 'empty') return key?.span ?? value.span;
  if (range === undefined) return value.span;
  const offsets = value.offsets();
  const [start, end] = range;
  const from = offsets?.[start];
  if (offsets === undefined || from === undefined) return value.span;
  return [from, Math.max(from, offsets[end] ?? value.span[1])];
}
