/** A fenced block of a Markdown page. */
export interface Block {
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** First word after the fence. */
  readonly language: string;
  /** Text of the HTML comment on the line before the fence: what to do with the block. */
  readonly note: string | undefined;
  readonly text: string;
}

/** A command of a `console` block with the output that the page shows. */
export interface Step {
  readonly line: number;
  readonly command: string;
  readonly output: string;
}

/** All fenced blocks of a page. */
export function blocksOf(page: string): Block[] {
  const lines = page.split('\n');
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; i++) {
    const [, fence, language] = /^(`{3,})(\w*)/.exec(lines[i] as string) ?? [];
    if (fence === undefined) continue;
    const end = lines.indexOf(fence, i + 1);
    if (end < 0) throw new Error(`line ${i + 1}: the fence has no end`);
    const before = lines.slice(0, i).findLast((line) => line.trim() !== '');
    const [, note] = /^<!-- (.*) -->$/.exec(before ?? '') ?? [];
    const text = lines.slice(i + 1, end).join('\n');
    blocks.push({ line: i + 1, language: language ?? '', note, text: `${text}\n` });
    i = end;
  }
  return blocks;
}

/** The commands of a `console` block: lines that begin with `$ `, each with the lines after it. */
export function stepsOf(block: Block): Step[] {
  const steps: { line: number; command: string; output: string }[] = [];
  for (const [i, line] of block.text.trimEnd().split('\n').entries()) {
    if (line.startsWith('$ ')) {
      steps.push({ line: block.line + 1 + i, command: line.slice(2), output: '' });
    } else {
      const step = steps.at(-1);
      if (step === undefined) throw new Error(`line ${block.line}: output before any command`);
      step.output += `${line}\n`;
    }
  }
  return steps;
}

/**
 * The text with the lines of a `diff` block put in: lines after `-` give way to the lines after
 * `+`; they must occur exactly once.
 */
export function edited(text: string, diff: string): string {
  const lines = diff.trimEnd().split('\n');
  const pick = (sign: string): string =>
    lines
      .filter((line) => line.startsWith(sign))
      .map((line) => `${line.slice(1)}\n`)
      .join('');
  const [old, now] = [pick('-'), pick('+')];
  if (text.split(old).length !== 2) {
    throw new Error(`these lines do not occur exactly once:\n${old}in:\n${text}`);
  }
  return text.replace(old, () => now);
}

/**
 * Whether a program printed what a page shows. Lengths of white space and measures (`0.7 s`,
 * `3 ms`, `2.0 MiB`) are not compared; `…` stands for any text, alone on a line for any lines. With
 * `numbersVary` no number is compared, nor the length of bars.
 */
export function matches(actual: string, shown: string, numbersVary = false): boolean {
  const measures = /\d[\d,.]*(?=\s?(?:s|ms|B|KiB|MiB|orders\/s)\b)/g;
  const normal = (text: string): string => {
    const plain = text
      .replaceAll(measures, '0')
      .replaceAll(/[^\S\n]+/g, ' ')
      .replaceAll(/ *\n/g, '\n');
    const same = numbersVary
      ? plain.replaceAll(/\d[\d,.]*\d|\d/g, '0').replaceAll(/ █+/g, '')
      : plain;
    return same.trim();
  };
  const pattern = normal(shown)
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
    .join(String.raw`[\s\S]*`);
  return new RegExp(`^${pattern}$`).test(normal(actual));
}
