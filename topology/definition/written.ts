/**
 * What an author wrote, as a tree of maps, lists and scalars with positions: the input of the field
 * tables, free of any YAML library.
 * Offsets are UTF-16 units into the file's text, half open.
 */
export type Written = WrittenMap | WrittenList | WrittenScalar;

/** Start and end offset in the file. */
export type Span = readonly [start: number, end: number];

/**
 * Keys and values in the order of the file. Keys are unique: a duplicate is reported and left out.
 */
export interface WrittenMap {
  readonly kind: 'map';
  readonly span: Span;
  readonly entries: readonly WrittenEntry[];
}

/** One key and its value. */
export interface WrittenEntry {
  readonly key: WrittenScalar;
  readonly value: Written;
}

/** Items in the order of the file. */
export interface WrittenList {
  readonly kind: 'list';
  readonly span: Span;
  readonly items: readonly Written[];
}

/** A text, number, boolean or nothing at all. */
export interface WrittenScalar {
  readonly kind: 'scalar';
  readonly span: Span;
  /** The text meant: unquoted, unescaped, unfolded; of a number as it was written. */
  readonly text: string;
  /** What YAML's core schema makes of it. */
  readonly value: string | number | bigint | boolean | null;
  /**
   * `empty`: nothing was written, as in `key:` at the end of a line. `broken`: what was written is
   * reported already.
   */
  readonly style: 'plain' | 'quoted' | 'block' | 'empty' | 'broken';
  /**
   * Offset in the file of each UTF-16 unit of `text`, and of its end; undefined where it cannot be
   * told.
   */
  readonly offsets: () => readonly number[] | undefined;
  /** All of it was put in for one environment variable (settings only). */
  readonly fromEnvironment?: boolean;
}

/** What stands there, for messages: `a list`, `the number 5`, `nothing`. */
export function describeWritten(node: Written): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (node.style === 'empty') return 'nothing';
  if (node.value === null) return 'null';
  if (typeof node.value === 'string') {
    return node.text.length > 40 ? 'a text' : `the text "${node.text}"`;
  }
  return typeof node.value === 'boolean' ? `the boolean ${node.text}` : `the number ${node.text}`;
}
