import type { DefinitionPath, Problem, ProblemNote } from '../core/problem.ts';
import type { Span, Written, WrittenScalar } from './written.ts';

/** What stands in the file for one path of the definition. */
export interface Mark {
  readonly key?: WrittenScalar;
  readonly value: Written;
}

/** What one reading of a file brings to light. */
export interface Reading {
  readonly problems: Problem[];
  /** {@link pathKey} of a definition path → what stands there. */
  readonly marks: Map<string, Mark>;
  /** Named entries that were written but could not be read, so that the definition lacks them. */
  readonly leftOut: LeftOut[];
}

/**
 * An entry that the definition lacks, and every text inside it: names that look unused or unknown
 * only because of it.
 */
export interface LeftOut {
  readonly path: DefinitionPath;
  /** Its key, or of what it stands in: the name of a stage, an output. */
  readonly name?: string;
  readonly mentions: ReadonlySet<string>;
}

/** An empty {@link Reading}. */
export function newReading(): Reading {
  return { problems: [], marks: new Map(), leftOut: [] };
}

/** The text form of a path that {@link Reading.marks} is keyed by. */
export function pathKey(path: DefinitionPath): string {
  return path.join('\u0000');
}

/** Optional parts of a reported problem. */
export interface Report {
  readonly suggestion?: string;
  readonly notes?: readonly ProblemNote[];
}

/**
 * A path of the definition that is being read: where values are marked and problems are reported.
 */
export class Place {
  readonly reading: Reading;
  readonly path: DefinitionPath;
  /** The key under which the value at `path` stands, where it stands under one. */
  readonly key: WrittenScalar | undefined;

  constructor(reading: Reading, path: DefinitionPath, key?: WrittenScalar) {
    this.reading = reading;
    this.path = path;
    this.key = key;
  }

  /** The place of a part. Without a key of its own it is known by this place's key. */
  child(step: string | number, key: WrittenScalar | undefined = this.key): Place {
    return new Place(this.reading, [...this.path, step], key);
  }

  /** The place of an item of a list: no key of its own, and none of its list's. */
  item(index: number): Place {
    return new Place(this.reading, [...this.path, index]);
  }

  /** The same path, known by another key. */
  keyed(key: WrittenScalar): Place {
    return new Place(this.reading, this.path, key);
  }

  /** Says what stands in the file for this path. The first mark of a path counts. */
  mark(value: Written): void {
    const id = pathKey(this.path);
    if (this.reading.marks.has(id)) return;
    this.reading.marks.set(id, this.key === undefined ? { value } : { key: this.key, value });
  }

  /** Reports an error at a span of the file. */
  error(code: string, span: Span, message: string, report: Report = {}): void {
    this.reading.problems.push({
      code,
      severity: 'error',
      message,
      path: this.path,
      span,
      ...report,
    });
  }

  /**
   * Where to point for what `node` as a whole lacks: its key, otherwise its first key, otherwise
   * itself.
   */
  ownerSpan(node: Written): Span {
    if (this.key !== undefined) return this.key.span;
    if (node.kind === 'map') return node.entries[0]?.key.span ?? node.span;
    return node.span;
  }

  /** Notes that the entry at this path is missing from the definition. */
  leaveOut(value: Written): void {
    const mentions = new Set<string>();
    collectTexts(value, mentions);
    const name = this.key === undefined ? {} : { name: this.key.text };
    this.reading.leftOut.push({ path: this.path, ...name, mentions });
  }
}

function collectTexts(node: Written, into: Set<string>): void {
  if (node.kind === 'scalar') {
    into.add(node.text);
  } else if (node.kind === 'list') {
    for (const item of node.items) collectTexts(item, into);
  } else {
    for (const entry of node.entries) {
      into.add(entry.key.text);
      collectTexts(entry.value, into);
    }
  }
}
