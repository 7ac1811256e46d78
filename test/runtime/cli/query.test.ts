import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Cli, Cli as Process, cli, type CliResult } from './cli.ts';
import { produce, projects, saidWriter, withDataFolder, words } from './project.ts';

const project = projects();

/** A project in which the application answers, with some words said. */
async function said(settings = 'queries: {}\n', ...keys: readonly string[]): Promise<string> {
  const cwd = project({ ...words, 'millrace.yaml': settings });
  await withDataFolder(join(cwd, '.millrace', 'data'), async (log) => {
    const value = await saidWriter(log, 'said');
    const topic = { name: 'said', partitions: 2 };
    await produce(
      log,
      topic,
      keys.map((key, i) => ({ key, value: value('w', i), time: i })),
    );
  });
  return cwd;
}

/** The application, running. */
async function started(cwd: string, env = {}): Promise<Cli> {
  const running = new Process(['run', 'words.yaml'], { cwd, env });
  await running.until(({ stderr }) => stderr.includes('queries are answered at '));
  return running;
}

/** Asks until the answer is that: the application may be at it still. */
async function until(
  cwd: string,
  args: readonly string[],
  done: (result: CliResult) => boolean,
  env = {},
): Promise<CliResult> {
  for (let i = 0; ; i++) {
    const result = await cli(['query', ...args], { cwd, env });
    if (done(result) || i > 20) return result;
  }
}

const answered = ({ stdout }: CliResult): boolean => stdout !== '';

describe('millrace query', () => {
  test('prints the row of a key, rows of a range, and who answered', async () => {
    const cwd = await said(undefined, 'a', 'b', 'a', 'c');
    const running = await started(cwd);
    const three = ({ stdout }: CliResult): boolean =>
      stdout.split('\n').length === 4 && stdout.includes('"a","value":2');
    const all = await until(cwd, ['words.yaml', 'counts'], three);
    const rows = all.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(rows).toMatchObject([
      { key: 'a', value: 2, time: 2 },
      { key: 'b', value: 1 },
      { key: 'c', value: 1 },
    ]);
    expect([all.code, all.stderr]).toEqual([0, '']);

    const one = await cli(['query', 'words', 'counts', 'b'], { cwd });
    expect(one.stdout).toMatch(/^\{"key":"b","value":1,"time":1,"partition":\d\}\n$/);
    const none = await cli(['query', 'words', 'counts', 'z'], { cwd });
    expect(none).toEqual({ code: 0, stdout: '', stderr: 'store "counts" has no such key\n' });

    const range = ['query', 'words', 'counts', '--from', 'a', '--to', 'c', '--limit', '1'];
    const page = await cli(range, { cwd });
    expect(page.stdout).toMatch(/^\{"key":"a".*\}\n$/);
    expect(page.stderr).toBe('there are more rows: say --limit\n');
    const json = await cli([...range, '--json'], { cwd });
    expect(JSON.parse(json.stdout)).toMatchObject({
      store: 'counts',
      rows: [{ key: 'a', value: 2 }],
      next: { after: 'a' },
      from: [
        { partition: 0, role: 'active' },
        { partition: 1, role: 'active' },
      ],
    });

    const unknown = await cli(['query', 'words', 'count', 'a'], { cwd });
    expect(unknown).toEqual({
      code: 3,
      stdout: '',
      stderr: 'error[STORE_NAME] application "words" has no store "count"; it has "counts"\n',
    });

    const [, at = ''] = /answered at (\S+)/.exec(running.stderr) ?? [];
    const named = await cli(['query', 'words', 'counts', 'b', '--at', at], { cwd });
    expect(named.stdout).toBe(one.stdout);
    const other = await cli(['query', 'orders', 'counts', 'b', '--at', at], { cwd });
    expect(other.stderr).toContain(`(${at} is of application "words")`);
    running.process.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    const late = await cli(['query', 'words', 'counts', 'b'], { cwd });
    expect(late).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'error[QUERY_MEMBER] no member of application "words" answers: run it with "queries:" in its runner file, on this data folder, or name one with --at\n',
    });
  });

  test('says that a member which crashed does not answer', async () => {
    const cwd = await said();
    const running = await started(cwd);
    const [, at] = /answered at (\S+)/.exec(running.stderr) ?? [];
    running.process.kill('SIGKILL');
    await running.ended;
    const { code, stderr } = await cli(['query', 'words', 'counts', 'b'], { cwd });
    expect(code).toBe(3);
    expect(stderr).toContain(`(${at} does not answer: ECONNREFUSED)`);
  });

  test('brings the token of the runner file', async () => {
    const cwd = await said("queries: { token: '${QUERY_TOKEN}' }\n", 'a');
    const env = { QUERY_TOKEN: 's3cret' };
    await started(cwd, env);
    const { stdout } = await until(cwd, ['words', 'counts', 'a'], answered, env);
    expect(stdout).toContain('"key":"a"');
    const wrong = await cli(['query', 'words', 'counts', 'a'], { cwd, env: { QUERY_TOKEN: 'no' } });
    expect(wrong).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'error[QUERY_TOKEN] the request has not the token of queries (queries.token of the runner file)\n',
    });
  });

  test.each([
    [['counts', 'a', '--from', 'b'], 'error: give a key, or --from and --to, not both\n'],
    [['counts', '--limit', '0'], /argument '0' is invalid\. give a whole number from 1/],
    [['counts', '--at', 'host:1'], /argument 'host:1' is invalid\. write http:\/\/host:port/],
    [['counts', '--max-staleness', '5'], /argument '5' is invalid\. write it like 500ms, 5s or 1m/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await cli(['query', 'words', ...args], { cwd: project(words) });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('millrace run', () => {
  test('refuses to answer to others without a token', async () => {
    const cwd = project({ ...words, 'millrace.yaml': 'queries: { host: 10.0.0.7 }\n' });
    const { code, stderr } = await cli(['run', 'words.yaml'], { cwd });
    expect(code).toBe(3);
    expect(stderr).toBe(
      'error[OPTION_QUERIES] queries.host is 10.0.0.7, which others can reach: set queries.token, or take a loopback address\n',
    );
  });
});
