import { Command } from 'commander';
import { nearestName } from '../../topology/core/problem.ts';
import { fileProblemCodes } from '../app/codes.ts';
import type { Console } from './console.ts';
import { UsageError } from './failure.ts';

const width = 80;

/** `millrace explain CODE`: what a problem code means, with an example. */
export function explainCommand(console: Console): Command {
  return new Command('explain')
    .description('Explain a code that check reports; without one, list all.')
    .argument('[code]', 'such as E003')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ millrace explain E003')
    .action(async (written: string | undefined, { json }: { json?: true }) => {
      if (written === undefined) return console.write(json ? asJson(fileProblemCodes) : list());
      const code = written.toUpperCase();
      const found = fileProblemCodes[code];
      if (found === undefined) throw unknown(written, code);
      const { title, explanation, example } = found;
      return console.write(
        json
          ? asJson({ code, ...found })
          : `${code}: ${title}\n\n${wrap(explanation)}\n\n${indent(example)}\n`,
      );
    });
}

function asJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function list(): string {
  return Object.entries(fileProblemCodes)
    .map(([code, { title }]) => `${code}  ${title}\n`)
    .join('');
}

function unknown(written: string, code: string): UsageError {
  const near = nearestName(code, Object.keys(fileProblemCodes));
  const hint = near === undefined ? '"millrace explain" lists all' : `did you mean ${near}?`;
  return new UsageError(`there is no code "${written}": ${hint}`);
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`.trimEnd())
    .join('\n');
}

function wrap(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}
