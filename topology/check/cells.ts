const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Terminals stop a tab at every eighth cell. */
const tabWidth = 8;

/**
 * East Asian wide and full-width ranges (Unicode 16, EAW = W or F) without the emoji, which have a
 * test of their own.
 */
const wideRanges: readonly (readonly [from: number, to: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x20000, 0x3fffd],
];

/** A line as a terminal shows it. */
export interface ShownLine {
  /** Tabs as spaces, other control characters as `·`. */
  readonly text: string;
  /**
   * Cell in which the UTF-16 unit at an offset of the original line begins, from 0; offsets past
   * the end count on from the last cell.
   */
  cell(offset: number): number;
}

/**
 * How a line looks in cells of a terminal: wide characters and emoji take two, combining ones none.
 */
export function showLine(line: string): ShownLine {
  if (/^[\x20-\x7e]*$/.test(line)) return { text: line, cell: (offset) => offset };
  const cells: number[] = [];
  let text = '';
  let width = 0;
  for (const { segment } of segmenter.segment(line)) {
    for (let i = 0; i < segment.length; i++) cells.push(width);
    const shown = segment === '\t' ? ' '.repeat(tabWidth - (width % tabWidth)) : visible(segment);
    text += shown;
    width += segment === '\t' ? shown.length : graphemeWidth(shown);
  }
  return { text, cell: (offset) => cells[offset] ?? width + offset - cells.length };
}

function visible(segment: string): string {
  if (segment === '\uFEFF') return '';
  return /\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(segment) ? '·' : segment;
}

/** Cells of one grapheme: what is drawn at one place. */
export function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0);
  if (code === undefined || /^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(grapheme)) return 0;
  if (/\p{Emoji_Presentation}|\uFE0F/u.test(grapheme)) return 2;
  return wideRanges.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}
