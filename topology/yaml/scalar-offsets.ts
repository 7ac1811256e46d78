/** The raw text of a scalar and where it begins in the file. */
export interface RawScalar {
  readonly style: 'plain' | 'single' | 'double' | 'literal' | 'folded';
  /** As in the file, quotes included; of a block scalar the lines after its header. */
  readonly source: string;
  /** Offset of `source` in the file. */
  readonly offset: number;
}

/**
 * Offset in the file of each UTF-16 unit of a scalar's value, and of the value's end. The value is
 * rebuilt from its raw text by YAML's own rules (quotes,
 * escapes, folding, indentation); where that does not give `value`, the answer is undefined rather
 * than wrong.
 */
export function scalarOffsets(raw: RawScalar, value: string): readonly number[] | undefined {
  const trace = new Trace(raw.offset);
  if (raw.style === 'literal' || raw.style === 'folded') traceBlock(raw, value, trace);
  else traceFlow(raw, trace);
  trace.offsets.push(raw.offset + trace.end);
  if (trace.text === value) return trace.offsets;
  // Chomping decides about trailing line breaks only: what comes before them is mapped all the
  // same.
  const kept = trace.text.startsWith(value) || value.startsWith(trace.text);
  if (!kept || value.trimEnd() !== trace.text.trimEnd()) return undefined;
  const last = trace.offsets.at(-1) as number;
  return Array.from({ length: value.length + 1 }, (_, i) => trace.offsets[i] ?? last);
}

/** The value so far, and where each of its units comes from. */
class Trace {
  text = '';
  readonly offsets: number[] = [];
  /** Offset in the raw text behind the last unit. */
  end = 0;
  readonly base: number;

  constructor(base: number) {
    this.base = base;
  }

  put(text: string, from: number, length = text.length): void {
    for (let i = 0; i < text.length; i++) {
      this.offsets.push(this.base + from + (text.length === length ? i : 0));
    }
    this.text += text;
    this.end = from + length;
  }

  /**
   * Takes trailing spaces and tabs back: they go where a line is folded. Returns where they began
   * in the raw text.
   */
  trimEnd(keep: number, from: number): number {
    let start = from;
    while (this.text.length > keep && /[ \t]$/.test(this.text)) {
      this.text = this.text.slice(0, -1);
      start = (this.offsets.pop() as number) - this.base;
    }
    return start;
  }
}

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '\t': '\t',
  v: '\v',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
};

const escapeDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function traceFlow({ source, style }: RawScalar, trace: Trace): void {
  const quoted = style !== 'plain';
  const end = quoted ? source.length - 1 : source.length;
  // Escaped white space is no longer white space to be trimmed.
  let keep = 0;
  for (let i = quoted ? 1 : 0; i < end;) {
    const char = source[i] as string;
    if (char === '\n' || (char === '\r' && source[i + 1] === '\n')) {
      i = fold(source, trace.trimEnd(keep, i), trace);
      keep = trace.text.length;
    } else if (style === 'double' && char === '\\') {
      i = escape(source, i, trace);
      keep = trace.text.length;
    } else if (style === 'single' && char === "'") {
      trace.put("'", i, 2);
      i += 2;
    } else {
      trace.put(char, i);
      i++;
    }
  }
  if (quoted) trace.end = end;
}

/**
 * One line break gives a space, several give one less than there are. Returns the offset behind the
 * next line's indentation.
 */
function fold(source: string, start: number, trace: Trace): number {
  const [blank] = /^(?:[ \t]*\r?\n)+[ \t]*/.exec(source.slice(start)) as RegExpExecArray;
  const breaks = blank.split('\n').length - 1;
  trace.put(breaks === 1 ? ' ' : '\n'.repeat(breaks - 1), start, blank.length);
  return start + blank.length;
}

function escape(source: string, start: number, trace: Trace): number {
  const next = source[start + 1] ?? '';
  const digits = escapeDigits[next];
  if (digits !== undefined) {
    const code = parseInt(source.slice(start + 2, start + 2 + digits), 16);
    if (code <= 0x10ffff) trace.put(String.fromCodePoint(code), start, 2 + digits);
    return start + 2 + digits;
  }
  const lineEnd = /^\r?\n[ \t]*/.exec(source.slice(start + 1))?.[0];
  if (lineEnd !== undefined) return start + 1 + lineEnd.length;
  trace.put(escapes[next] ?? next, start, 2);
  return start + 2;
}

/**
 * Lines of a block scalar, without indentation. `value` settles how many leading spaces belong to
 * the text.
 */
function traceBlock({ source, style }: RawScalar, value: string, trace: Trace): void {
  const lines = source.split('\n');
  const content = lines.map((line) => line.replace(/\r$/, ''));
  const first = content.find((line) => line.trim() !== '') ?? '';
  const leading = /^ */.exec(value.replace(/^\n+/, ''))?.[0].length ?? 0;
  const indent = (/^ */.exec(first)?.[0].length ?? 0) - leading;
  let offset = 0;
  let broken = 0;
  let brokenAt = 0;
  let previousMore = true;
  for (const [i, line] of content.entries()) {
    const text = line.slice(indent);
    if (text.trim() === '' && !/^[ \t]/.test(text)) {
      if (trace.text === '') brokenAt = offset;
      broken++;
    } else {
      const more = /^[ \t]/.test(text);
      if (i > 0 || broken > 0) {
        const folds = style === 'folded' && !more && !previousMore && trace.text !== '';
        const breaks = trace.text === '' ? broken : broken + 1;
        if (folds) trace.put(broken === 0 ? ' ' : '\n'.repeat(broken), brokenAt, 1);
        else if (breaks > 0) trace.put('\n'.repeat(breaks), brokenAt, 1);
      }
      trace.put(text, offset + Math.min(indent, line.length));
      previousMore = more;
      broken = 0;
      brokenAt = offset + line.length;
    }
    offset += (lines[i] as string).length + 1;
  }
  if (value.endsWith('\n')) trace.put('\n', brokenAt, 1);
}
