import type { RawNumber } from '../topology/core/exact-json.ts';
import { parseExactJson } from '../topology/core/exact-json.ts';

/** A JSON value with the offset (UTF-16 units) at which it starts in its text. */
export type JsonNode = JsonObject | JsonArray | JsonScalar;

export interface JsonObject {
  readonly kind: 'object';
  readonly start: number;
  readonly members: readonly JsonMember[];
}

export interface JsonArray {
  readonly kind: 'array';
  readonly start: number;
  readonly items: readonly JsonNode[];
}

export interface JsonScalar {
  readonly kind: 'scalar';
  readonly start: number;
  /** An integer beyond 2^53 with all its digits. */
  readonly value: string | number | RawNumber | boolean | null;
}

export interface JsonMember {
  readonly key: string;
  readonly keyStart: number;
  readonly value: JsonNode;
}

/** Text that is not JSON: what was expected, and the offset at which it was not there. */
export class JsonSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Deeper than any schema that a person writes, shallow enough for the stack. */
const maxDepth = 512;

/** Finds where a scalar ends; `JSON.parse` then checks escapes and control characters. */
const scalarPattern =
  /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const spacePattern = /[ \t\r\n]*/y;

/**
 * The JSON value of a text, with positions. A byte-order mark at the start is skipped; members keep
 * their order, repeated ones included.
 * @throws {JsonSyntaxError} when the text is not exactly one JSON value
 */
export function scanJson(text: string): JsonNode {
  const scanner = new Scanner(text);
  return scanner.document();
}

/** The member of that name, or undefined. The last one wins, as in `JSON.parse`. */
export function member(node: JsonObject, key: string): JsonNode | undefined {
  return node.members.findLast((m) => m.key === key)?.value;
}

/** The text of a member that is a string, else undefined. */
export function textOf(node: JsonNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** The plain value of a node, as {@link parseExactJson} gives it. */
export function plainValue(node: JsonNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'array') return node.items.map(plainValue);
  return Object.fromEntries(node.members.map((m) => [m.key, plainValue(m.value)]));
}

/**
 * Line and column (from 1, UTF-16 units) of an offset. Lines end at LF; a CR before it belongs to
 * the line.
 */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = text.startsWith('\ufeff') ? 1 : 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

class Scanner {
  readonly #text: string;
  #at: number;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#at = text.startsWith('\ufeff') ? 1 : 0;
  }

  document(): JsonNode {
    this.#space();
    const node = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#expected('the end of the text');
    return node;
  }

  #value(): JsonNode {
    const c = this.#text[this.#at];
    if (c !== '{' && c !== '[') return this.#scalar();
    if (++this.#depth > maxDepth) {
      throw new JsonSyntaxError(`nested more than ${maxDepth} levels deep`, this.#at);
    }
    const node = c === '{' ? this.#object() : this.#array();
    this.#depth--;
    return node;
  }

  #object(): JsonObject {
    const start = this.#at++;
    const members: JsonMember[] = [];
    this.#space();
    while (!this.#take('}')) {
      if (members.length > 0) this.#comma('}');
      const keyStart = this.#at;
      if (this.#text[this.#at] !== '"') throw this.#expected('a name in double quotes');
      const key = this.#scalar().value as string;
      this.#space();
      if (!this.#take(':')) throw this.#expected('":"');
      this.#space();
      members.push({ key, keyStart, value: this.#value() });
      this.#space();
    }
    return { kind: 'object', start, members };
  }

  #array(): JsonArray {
    const start = this.#at++;
    const items: JsonNode[] = [];
    this.#space();
    while (!this.#take(']')) {
      if (items.length > 0) this.#comma(']');
      items.push(this.#value());
      this.#space();
    }
    return { kind: 'array', start, items };
  }

  #scalar(): JsonScalar {
    const start = this.#at;
    scalarPattern.lastIndex = start;
    const match = scalarPattern.exec(this.#text);
    if (match === null) {
      throw this.#text[start] === '"'
        ? new JsonSyntaxError('the text in double quotes does not end', start)
        : this.#expected('a value');
    }
    this.#at = scalarPattern.lastIndex;
    try {
      return { kind: 'scalar', start, value: parseExactJson(match[0]) as JsonScalar['value'] };
    } catch {
      throw new JsonSyntaxError('a bad escape or a line break inside double quotes', start);
    }
  }

  #comma(end: string): void {
    if (!this.#take(',')) throw this.#expected(`"," or "${end}"`);
    this.#space();
  }

  #take(c: string): boolean {
    if (this.#text[this.#at] !== c) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    spacePattern.lastIndex = this.#at;
    spacePattern.exec(this.#text);
    this.#at = spacePattern.lastIndex;
  }

  #expected(what: string): JsonSyntaxError {
    const c = this.#text[this.#at];
    const found = c === undefined ? 'the text ends' : `found ${JSON.stringify(c)}`;
    return new JsonSyntaxError(`expected ${what}, but ${found}`, this.#at);
  }
}
