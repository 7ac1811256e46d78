import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { inProcess } from './in-process.ts';
import { produce, projects, withDataFolder, words } from './project.ts';

const project = projects();

const topics = [
  'said',
  'words-control',
  'words-counts-changelog',
  'words-again-counts-changelog',
  'words-again-control',
  'words.dead-letters',
];

/** A project whose data folder has two applications, one name a beginning of the other. */
async function twoApplications(): Promise<{ cwd: string; data: string }> {
  const cwd = project(words);
  const data = join(cwd, 'data');
  await withDataFolder(data, async (log) => {
    for (const name of topics) await produce(log, { name, partitions: 1 }, []);
    await produce(log, { name: 'said', partitions: 1 }, [{ key: 'k', value: null }]);
    for (const group of ['words', 'words-again']) {
      await log.admin.setPositions(group, [{ topic: 'said', partition: 0, offset: 1 }]);
    }
  });
  for (const name of ['words', 'words-again'])
    mkdirSync(join(data, 'state', name), { recursive: true });
  return { cwd, data };
}

async function left(data: string): Promise<{ topics: string[]; groups: readonly string[] }> {
  return withDataFolder(data, async (log: EmbeddedLog) => ({
    topics: (await log.admin.list()).map(({ name }) => name),
    groups: await log.admin.groups(),
  }));
}

describe('reset', () => {
  test.each(['by its file', 'by its name'])(
    'deletes what one application has, %s, and nothing else',
    async (how) => {
      const { cwd, data } = await twoApplications();
      const name = how === 'by its file' ? join(cwd, 'words.yaml') : 'words';
      const { code, stderr } = await inProcess('reset', name, '--data', data, '--yes');
      expect(code).toBe(0);
      expect(stderr).toBe(`of application "words" in ${data} this deletes
  topic      words-control
  topic      words-counts-changelog
  stores     ${data}/state/words
  positions  in the topics that it reads
application "words" is reset
`);
      expect(await left(data)).toEqual({
        topics: topics.filter((topic) => !/^words-(?:control|counts)/.test(topic)).sort(),
        groups: ['words-again'],
      });
      expect(readdirSync(join(data, 'state'))).toEqual(['words-again']);
      const again = await inProcess('reset', 'words.yaml', '--data', data, '--yes');
      expect(again.code).toBe(3);
      const nothing = await inProcess('reset', join(cwd, 'words.yaml'), '--data', data, '--yes');
      expect(nothing).toMatchObject({
        code: 0,
        stderr: `nothing of application "words" is in ${data}\n`,
      });
    },
  );

  test('deletes nothing without --yes where it cannot ask', async () => {
    const { data } = await twoApplications();
    const before = await left(data);
    const { code, stderr } = await inProcess('reset', 'words', '--data', data);
    expect(code).toBe(2);
    expect(stderr).toContain('error: there is no terminal to ask on: say --yes to go on\n');
    expect(await left(data)).toEqual(before);
  });

  test('suggests the name that is probably meant', async () => {
    const { data } = await twoApplications();
    expect(await inProcess('reset', 'wrods', '--data', data, '--yes')).toMatchObject({
      code: 2,
      stderr: `error: nothing of application "wrods" is in ${data}: did you mean "words"?\n`,
    });
  });
});

test('reset names the applications that there are where one is unknown', async () => {
  const { data } = await twoApplications();
  expect(await inProcess('reset', 'entirely-different', '--data', data, '--yes')).toMatchObject({
    code: 2,
    stderr: `error: nothing of application "entirely-different" is in ${data}: it knows "words", "words-again"\n`,
  });
});

describe('reset --all', () => {
  test('deletes log and state, and the folder', async () => {
    const { data } = await twoApplications();
    expect(await inProcess('reset', '--all', '--data', data, '--yes')).toMatchObject({ code: 0 });
    expect(existsSync(data)).toBe(false);
  });

  test('leaves what is not Millrace’s, and says so', async () => {
    const { data } = await twoApplications();
    writeFileSync(join(data, 'thesis.doc'), 'x');
    const { stderr } = await inProcess('reset', '--all', '--data', data, '--yes');
    expect(stderr).toContain(`what else is in ${data} stays: thesis.doc\n`);
    expect(readdirSync(data)).toEqual(['thesis.doc']);
  });

  test('refuses a folder that is no data folder', async () => {
    const cwd = project(words);
    const { code, stderr } = await inProcess('reset', '--all', '--data', cwd, '--yes');
    expect(code).toBe(3);
    expect(stderr).toContain(`error[LOG_MISSING] there is no log in "${cwd}": nothing of it is`);
    expect(readdirSync(cwd).length).toBe(4);
  });
});
