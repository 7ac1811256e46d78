import { expect, test } from 'vitest';
import { cli } from './cli.ts';
import { expectGolden } from './golden.ts';
import { expectComplete, load, loudWords } from './load.ts';
import { projects, words } from './project.ts';

const project = projects();

test('a full disk stops the run with nothing lost; with room it goes on', async () => {
  const cwd = project({ ...words, 'package.json': loudWords['package.json'] as string });
  await load(cwd);
  const args = ['run', 'words.yaml', '--data', 'data', '--until-caught-up'];
  // In blocks of 512 bytes: more than the input takes, less than input and output.
  const full = await cli(args, { cwd, prefix: 'ulimit -f 1600; ' });
  await expectGolden('disk-full', args, full, cwd);
  expect(full.code).toBe(3);
  await expectComplete(cwd);
}, 60_000);
