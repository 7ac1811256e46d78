import { describe, expect, test } from 'vitest';
import { fileProblemCodes } from '../../../runtime/app/codes.ts';
import { problemCodes } from '../../../topology/codes.ts';

const own = Object.entries(fileProblemCodes).filter(([code]) => !(code in problemCodes));

describe('fileProblemCodes', () => {
  test('has a family of codes each for schemas, files, lock files and runner files', () => {
    expect(own.map(([code]) => code).join(' ')).toBe(
      'F001 F002 F003 L001 L002 L003 R001 R002 S001 S002 S003 S004',
    );
  });

  test('docs/reference/files.md is up to date (else: vitest -u)', async () => {
    const sections = own.map(
      ([code, { title, explanation, example }]) =>
        `## ${code}\n\n**${title}.** ${explanation}\n\n\`\`\`text\n${example}\n\`\`\`\n`,
    );
    const text = [
      '<!-- Generated from runtime/app/codes.ts: change that. -->\n',
      '# Problems of files\n',
      'What `check` and `run` report of the files that belong to a topology: schemas (S), folders and\nprocessors (F), lock files of schemas (L), runner files (R). Their form, and topology files, have codes of [their own](problems.md).\n',
      ...sections,
    ].join('\n');
    await expect(text).toMatchFileSnapshot('../../../docs/reference/files.md');
  });
});
