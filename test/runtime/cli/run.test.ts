import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli } from './cli.ts';
import { produce, projects, saidWriter, withDataFolder, words } from './project.ts';

const project = projects();

/** A project whose topic `said` holds ten words, two of them twice. */
async function tenWords(): Promise<string> {
  const cwd = project(words);
  await withDataFolder(join(cwd, 'data'), async (log) => {
    const write = await saidWriter(log, 'said');
    const records = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'a', 'b'].map((word, i) => ({
      key: word,
      value: write(word, i),
    }));
    await produce(log, { name: 'said', partitions: 2 }, records);
  });
  return cwd;
}

describe('run --until-caught-up', () => {
  test('processes what is there, commits it and stops', async () => {
    const cwd = await tenWords();
    const ran = await cli(['run', 'words.yaml', '--data', 'data', '--until-caught-up', '--json'], {
      cwd,
    });
    console.log(ran);
    const read = await cli(['topics', 'read', 'shouted', '--data', 'data'], { cwd });
    console.log(read);
    console.log((await cli(['topics', '--data', 'data'], { cwd })).stdout);
    console.log((await cli(['topics', 'read', 'words-control', '--data', 'data'], { cwd })).stdout);
    console.log(
      (
        await cli(
          ['topics', 'read', 'words-counts-changelog', '--data', 'data', '--value', 'long'],
          { cwd },
        )
      ).stdout,
    );
    console.log(await cli(['reset', 'words.yaml', '--data', 'data'], { cwd }));
    console.log(await cli(['reset', 'words.yaml', '--data', 'data', '--yes'], { cwd }));
    console.log(await cli(['reset', '--all', '--data', 'data', '--yes'], { cwd }));
    expect(ran.code).toBe(0);
  });
});
