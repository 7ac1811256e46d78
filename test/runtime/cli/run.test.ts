import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Cli, cli, type CliResult } from './cli.ts';
import { inProcess } from './in-process.ts';
import { produce, projects, saidWriter, withDataFolder, words } from './project.ts';

const project = projects();

/** A project whose topic `said` holds these words. */
async function said(text: string, files = words): Promise<string> {
  const cwd = project(files);
  await say(cwd, text);
  return cwd;
}

async function say(cwd: string, text: string): Promise<void> {
  await withDataFolder(join(cwd, 'data'), async (log) => {
    const write = await saidWriter(log, 'said');
    const records = text.split(' ').map((word, i) => ({ key: word, value: write(word, i) }));
    await produce(log, { name: 'said', partitions: 2 }, records);
  });
}

function run(cwd: string, ...more: string[]): Promise<CliResult> {
  return cli(['run', 'words.yaml', '--data', 'data', '--until-caught-up', ...more], { cwd });
}

async function read(cwd: string, topic: string, ...more: string[]): Promise<unknown[]> {
  const { stdout } = await cli(['topics', 'read', topic, '--data', 'data', ...more], { cwd });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

describe('run --until-caught-up', () => {
  test('says that it begins a new data folder: one that is mistyped would be one', async () => {
    const cwd = project(words);
    const mistyped = [
      'run',
      join(cwd, 'words.yaml'),
      '--data',
      join(cwd, 'dta'),
      '--until-caught-up',
    ];
    const { stderr } = await inProcess(...mistyped);
    expect(stderr).toContain(
      `application "words" runs on ${join(cwd, 'dta')}, a new data folder\n`,
    );
    expect((await inProcess(...mistyped)).stderr).toContain(`runs on ${join(cwd, 'dta')}\n`);
  });

  test('processes what is there, commits it and stops; the next one goes on', async () => {
    const cwd = await said('a b a c');
    const first = await run(cwd, '--json');
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(
      /^application "words" runs on data\napplication "words" has caught up: 4 records in \d\.\d s\n$/,
    );
    expect(JSON.parse(first.stdout)).toEqual({
      application: 'words',
      ended: 'caught-up',
      records: 4,
      deadLettered: 0,
      commits: expect.any(Number) as number,
      seconds: expect.any(Number) as number,
    });
    expect(await read(cwd, 'shouted')).toMatchObject(
      ['A', 'B', 'A', 'C'].map((word) => ({ value: { word } })),
    );
    const idle = await run(cwd, '--json');
    expect(JSON.parse(idle.stdout)).toMatchObject({ records: 0, commits: 0 });
    await say(cwd, 'a');
    const again = await run(cwd, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ records: 1 });
    const counts = await read(cwd, 'words-counts-changelog', '--value', 'long');
    const last = new Map(counts.map((line) => [(line as { key: string }).key, line]));
    expect([...last].sort(([a], [b]) => (a < b ? -1 : 1))).toMatchObject([
      ['a', { value: 3 }],
      ['b', { value: 1 }],
      ['c', { value: 1 }],
    ]);
  }, 60_000);

  test('takes settings from the runner file, where options do not say otherwise', async () => {
    const cwd = await said('a b', {
      ...words,
      'millrace.yaml': 'data: ${PLACE}\nsync: never\ncommit: { interval: 50ms }\n',
    });
    const args = ['run', 'words.yaml', '--until-caught-up'];
    const ran = await cli(args, { cwd, env: { PLACE: 'data' } });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain(`runs on ${cwd}/data\n`);
    expect(ran.stderr).toContain('has caught up: 2 records');
    const other = await cli([...args, '--data', 'other'], { cwd, env: { PLACE: 'data' } });
    expect(other.stderr).toContain('has caught up: 0 records');
  }, 60_000);

  test('ends with 1 and the stage’s own words when its error policy is to fail', async () => {
    const cwd = await said('a b', {
      ...words,
      'words.yaml': (words['words.yaml'] as string).replace(
        /default: .*/,
        'default: { fail: true }',
      ),
      'processors/shout.ts': 'export function shout() {\n  throw new Error("too loud");\n}\n',
    });
    const { code, stderr } = await run(cwd);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^application "words" runs on data\nerror\[STAGE_FAILED_FATAL\] .*too loud\n {6}at processors\/shout\.ts:2:9\n$/,
    );
    expect(await read(cwd, 'shouted')).toEqual([]);
  }, 60_000);
});

describe('topics read --follow', () => {
  test('prints what a running application writes, as it comes, until it is stopped', async () => {
    const cwd = await said('a b');
    const service = new Cli(['run', 'words.yaml', '--data', 'data'], { cwd });
    await service.until(({ stderr }) => stderr.includes('runs on data'));
    const follower = new Cli(['topics', 'read', 'shouted', '--data', 'data', '--follow'], { cwd });
    await follower.until(({ stdout }) => stdout.split('\n').length === 3);
    await say(cwd, 'c');
    await follower.until(({ stdout }) => stdout.includes('"word":"C"'));
    follower.process.kill('SIGINT');
    const read = await follower.ended;
    expect(read.code).toBe(0);
    expect(read.stderr).toBe('');
    service.process.kill('SIGTERM');
    const { code, stderr } = await service.ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/application "words" is stopped: 3 records in \d+\.\d s\n$/);
  }, 60_000);
});
