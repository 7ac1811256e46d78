import { join } from 'node:path';
import { expect } from 'vitest';
import { cli } from './cli.ts';
import { produce, saidWriter, withDataFolder, words } from './project.ts';

/** Words of {@link load}: enough for many batches and commits. */
export const loadSize = 20_000;

/**
 * The files of the project, with a processor that says on standard error which thousand it is at.
 */
export const loudWords: Readonly<Record<string, string>> = {
  ...words,
  'processors/shout.ts': `let records = 0;

export function shout({ word, at }: { word: string; at: number }): object {
  if (++records % 1000 === 500) process.stderr.write('record ' + records + '\\n');
  return { word: word.toUpperCase(), at };
}
`,
};

/** Puts {@link loadSize} words into the topic `said` of the project's data folder. */
export async function load(cwd: string): Promise<void> {
  await withDataFolder(join(cwd, 'data'), async (log) => {
    const write = await saidWriter(log, 'said');
    const records = Array.from({ length: loadSize }, (_, i) => ({
      key: `k${i % 100}`,
      value: write(`w${i}`, i),
    }));
    await produce(log, { name: 'said', partitions: 2 }, records);
  });
}

interface Line {
  readonly partition: number;
  readonly key: string;
  readonly value: unknown;
}

async function lines(cwd: string, topic: string, ...more: string[]): Promise<Line[]> {
  const { stdout, code } = await cli(['topics', 'read', topic, '--data', 'data', ...more], { cwd });
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/**
 * Finishes the work, and expects every word shouted once, in order, and every count to be right.
 */
export async function expectComplete(cwd: string): Promise<void> {
  const args = ['run', 'words.yaml', '--data', 'data', '--until-caught-up'];
  const rest = await cli(args, { cwd });
  const stderr = expect.stringContaining('has caught up') as string;
  expect(rest).toEqual({ code: 0, stdout: '', stderr });
  const shouted = await lines(cwd, 'shouted');
  const said = await lines(cwd, 'said');
  for (const partition of [0, 1]) {
    const of = (all: readonly Line[]): Line[] => all.filter((line) => line.partition === partition);
    const loud = of(said).map(({ key, value }) => {
      const { word, at } = value as { word: string; at: number };
      return { partition, key, value: { word: word.toUpperCase(), at } };
    });
    expect(of(shouted).map(({ key, value }) => ({ partition, key, value }))).toEqual(loud);
  }
  const counts = await lines(cwd, 'words-counts-changelog', '--value', 'long');
  const last = new Map(counts.map(({ key, value }) => [key, value]));
  expect(last.size).toBe(100);
  expect(new Set(last.values())).toEqual(new Set([loadSize / 100]));
}
