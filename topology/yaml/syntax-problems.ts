import type { YAMLError } from 'yaml';
import type { Report } from '../definition/place.ts';
import type { Span } from '../definition/written.ts';

/** One place where a text is not YAML. */
export interface SyntaxProblem {
  readonly span: Span;
  readonly message: string;
  readonly report: Report;
}

type Words = readonly [message: string, suggestion?: string];

/**
 * Our words for what the YAML library says, by its code; where there are none, its own are used.
 */
const words: Readonly<Record<string, Words>> = {
  BLOCK_AS_IMPLICIT_KEY: ['a second ": " on one line', 'quote the text if the colon is part of it'],
  UNEXPECTED_TOKEN: [
    'text after the end of a value',
    `an expression that starts with a quote must be quoted as a whole, like '"a" + key'`,
  ],
  MULTILINE_IMPLICIT_KEY: [
    'this line is neither a key nor the rest of a value',
    'is a ":" missing?',
  ],
  TAB_AS_INDENT: ['a tab in the indentation', 'indent with spaces'],
  MULTIPLE_DOCS: ['a second document', 'a topology file is one document, without "---" inside'],
  TAG_RESOLVE_FAILED: ['a tag that cannot be read', 'quote an expression that starts with "!"'],
  BAD_INDENT: ['a "{" or "[" above is not closed', 'close it, or indent what belongs to it'],
  BAD_SCALAR_START: ['a text cannot start with this character', 'quote it'],
  KEY_OVER_1024_CHARS: ['a key of more than 1024 characters'],
};

/**
 * The library's errors in our words, in the order of the file; of a line only the first, since the
 * others follow from it.
 */
export function syntaxProblems(errors: readonly YAMLError[], text: string): SyntaxProblem[] {
  const lines = new Set<number>();
  const sorted = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  return sorted.flatMap((error) => {
    const start = Math.min(error.pos[0], text.length);
    const line = start === 0 ? -1 : text.lastIndexOf('\n', start - 1);
    if (lines.has(line)) return [];
    lines.add(line);
    const [message, suggestion] = cutExpression(error.code, start, text) ??
      continuedLine(error.code, start, text) ??
      words[error.code] ?? [lowerFirst(error.message)];
    const end = Math.max(start, Math.min(error.pos[1], text.length));
    return [
      { span: [start, end], message, report: suggestion === undefined ? {} : { suggestion } },
    ];
  });
}

const cutCodes: ReadonlySet<string> = new Set([
  'BLOCK_IN_FLOW',
  'MISSING_CHAR',
  'UNEXPECTED_TOKEN',
]);

/**
 * Inside `{ }` an expression that is not quoted may end early: at `[`, `{`, `: ` or a comma. One
 * that starts with a quote has words of its own.
 */
function cutExpression(code: string, at: number, text: string): Words | undefined {
  if (!cutCodes.has(code)) return undefined;
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  const key = [...line.matchAll(/(?:^|[{,])\s*([\w-]+):\s+/g)].at(-1);
  const first = key && (line + text.charAt(at)).charAt(key.index + key[0].length);
  if (key === undefined || first === undefined || /["'[{]/.test(first)) return undefined;
  return [
    'this value is no plain text to YAML',
    `quote it as a whole if it is an expression: ${key[1]}: '…'`,
  ];
}

/** A key that is indented deeper than the one above it looks like the rest of that one's value. */
function continuedLine(code: string, at: number, text: string): Words | undefined {
  const [line = ''] = text.slice(at).split('\n', 1);
  if (code !== 'BLOCK_AS_IMPLICIT_KEY' || /:(?:\s|$)/.test(line)) return undefined;
  return ['the line below is indented as if it went on with this value', 'indent it like the key'];
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
