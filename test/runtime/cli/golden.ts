import { expect } from 'vitest';
import type { CliResult } from './cli.ts';

/**
 * Compares what a command printed, and its exit code, with `test/golden/cli/<name>.txt`. What
 * differs from run to run (process ids, times, brokers, the temporary folder) is replaced first. An answer fits on one screen.
 */
export async function expectGolden(
  name: string,
  args: readonly string[],
  result: CliResult,
  cwd: string,
): Promise<void> {
  const text = [
    `$ millrace ${args.join(' ')}`,
    ...(result.stdout === '' ? [] : ['--- standard output', result.stdout.trimEnd()]),
    ...(result.stderr === '' ? [] : ['--- standard error', result.stderr.trimEnd()]),
    `--- exit code ${result.code}`,
    '',
  ].join('\n');
  const stable = text
    .replaceAll(cwd, '<project>')
    .replace(/process \d+/g, 'process <pid>')
    .replace(/"pid":\d+/g, '"pid":<pid>')
    .replace(/127\.0\.0\.1:\d+/g, '<broker>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/and had \d+/g, 'and had <bytes>')
    .replace(/page \d+ of the file/g, 'page <page> of the file')
    .replace(/in \d+\.\d s/g, 'in <seconds> s');
  expect(stable.split('\n').length).toBeLessThan(40);
  expect(stable).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  await expect(stable).toMatchFileSnapshot(`../../golden/cli/${name}.txt`);
}
