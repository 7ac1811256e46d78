import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Cli, cli } from './cli.ts';
import { feed, logLines, two, untilRunning } from './many.ts';
import { projects } from './project.ts';

// Each test starts some ten processes, which takes long on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 180_000 });
const project = projects();

interface Result {
  readonly applications: readonly object[];
}

async function output(cwd: string): Promise<readonly unknown[]> {
  const { stdout } = await cli(['topics', 'read', 'output'], { cwd });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { value: unknown }).value);
}

describe('run of several files', () => {
  test('is caught up when all are, one fed by another', async () => {
    const cwd = project(two);
    await feed(cwd, 'a', 'b', 'c');
    const { code, stdout, stderr } = await cli(['run', '.', '--until-caught-up', '--json'], {
      cwd,
    });
    expect([code, stderr.includes('"msg":"application \\"second\\" has caught up"')]).toEqual([
      0,
      true,
    ]);
    const count = expect.any(Number) as number;
    expect((JSON.parse(stdout) as Result).applications).toEqual(
      ['first', 'second'].map((application) => ({
        application,
        ended: 'caught-up',
        restarts: 0,
        records: 3,
        deadLettered: 0,
        commits: count,
      })),
    );
    expect(await output(cwd)).toEqual(['a', 'b', 'c']);
  });

  test('starts one that fails again, while the other goes on; its log lines are JSON', async () => {
    const cwd = project(two);
    writeFileSync(join(cwd, 'poisonous'), '');
    const runner = new Cli(['run', 'first.yaml', 'second.yaml'], { cwd });
    await untilRunning(runner);
    await feed(cwd, 'a', 'poison', 'b');
    await runner.until(({ stderr }) => stderr.includes('STAGE_FAILED_FATAL'));
    rmSync(join(cwd, 'poisonous'));
    await runner.until((it) => it.stderr.split('"first\\" runs"').length > 2);
    const status = await cli(['status', 'first', '--json'], { cwd });
    runner.process.kill('SIGTERM');
    const { code } = await runner.ended;
    expect(code).toBe(0);
    const failure = logLines(runner).find((line) => line['code'] === 'STAGE_FAILED_FATAL');
    expect(failure).toMatchObject({
      level: 'error',
      application: 'first',
      task: 'copy_0',
      stage: 'copy',
      topic: 'input',
      offset: 1,
      restarts: 0,
      msg: expect.stringMatching(
        /^application "first" has failed, and is started again in 0\.[12] s: .*poisoned/,
      ) as string,
    });
    expect(JSON.parse(status.stdout)).toMatchObject([
      { application: 'first', members: [{ lastFailure: { code: 'STAGE_FAILED_FATAL' } }] },
    ]);
    const rest = await cli(['run', '.', '--until-caught-up'], { cwd });
    expect(rest.code).toBe(0);
    expect(await output(cwd)).toEqual(['a', 'poison', 'b']);
    expect(logLines(runner).some((line) => line['application'] === 'second' && line['code'])).toBe(
      false,
    );
  });

  test('does not start again what only an edit can mend; the exit code says so', async () => {
    const cwd = project({ ...two, 'second.yaml': 'application: second\nstages: 7\n' });
    const runner = new Cli(['run', '.'], { cwd });
    await runner.until(({ stderr }) => stderr.includes('is not started again'));
    await runner.until(({ stderr }) => stderr.includes('"first\\" runs"'));
    runner.process.kill('SIGTERM');
    const { code } = await runner.ended;
    expect(code).toBe(1);
    expect(logLines(runner)).toContainEqual(
      expect.objectContaining({ level: 'error', application: 'second', code: 'TOPOLOGY_PROBLEMS' }),
    );
  });

  test.each([
    [
      ['first.yaml', 'first.yaml'],
      /^error: application "first" is in first.yaml and in first.yaml/,
    ],
    [['processors'], /^error: folder "processors" holds no topology file/],
  ])('%j is wrong usage', async (files, message) => {
    const { code, stderr } = await cli(['run', ...files], { cwd: project(two) });
    expect([code, message.test(stderr)]).toEqual([2, true]);
  });
});

describe('run of one file with --log-format json', () => {
  test('writes log lines alone to standard error', async () => {
    const cwd = project(two);
    const ran = await cli(['run', 'first.yaml', '--until-caught-up', '--log-format', 'json'], {
      cwd,
    });
    expect(ran.code).toBe(0);
    const first = { level: 'info', application: 'first', file: 'first.yaml' };
    const message = (pattern: RegExp): object => ({
      msg: expect.stringMatching(pattern) as string,
    });
    expect(logLines(ran)).toEqual([
      expect.objectContaining({ ...first, ...message(/^application "first" runs on /) }),
      expect.objectContaining({ ...first, ...message(/^application "first" has caught up: 0 /) }),
    ]);
  });

  test('says there why it failed', async () => {
    const cwd = project({ ...two, 'first.yaml': 'application: first\nstages: 7\n' });
    const ran = await cli(['run', 'first.yaml', '--log-format', 'json'], { cwd });
    expect(ran.code).toBe(1);
    expect(logLines(ran)).toEqual([
      expect.objectContaining({ level: 'error', msg: expect.stringContaining('E0') as string }),
    ]);
  });
});
