import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { Cli, cli } from './cli.ts';
import { feed, isThere, logLines, pidOf, two, untilGone, untilRunning } from './many.ts';
import { projects } from './project.ts';

// Each test starts some ten processes, which takes long on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 180_000 });
const project = projects();

async function start(cwd: string): Promise<Cli> {
  const runner = new Cli(['run', 'first.yaml', 'second.yaml', '--isolate'], { cwd });
  await untilRunning(runner);
  return runner;
}

describe('run --isolate', () => {
  test('starts a killed process again; SIGTERM ends all and leaves nobody', async () => {
    const cwd = project(two);
    const runner = await start(cwd);
    const [killed, other] = [pidOf(runner, 'first'), pidOf(runner, 'second')];
    process.kill(killed, 'SIGKILL');
    await untilRunning(runner, 3);
    const again = pidOf(runner, 'first');
    expect([again === killed, isThere(killed), pidOf(runner, 'second')]).toEqual([
      false,
      false,
      other,
    ]);
    expect(logLines(runner)).toContainEqual(
      expect.objectContaining({ level: 'error', application: 'first', code: 'CHILD_ENDED' }),
    );
    const { stdout } = await cli(['status'], { cwd });
    expect(stdout).toMatch(new RegExp(`^first +(running|starting) .* 1\n`, 'm'));
    expect(stdout).toMatch(new RegExp(`^second +running +\\d+s ago +${other} .* 0\n`, 'm'));
    expect(stdout).toMatch(/^first: failed \d+s ago: error\[CHILD_ENDED\] .* by SIGKILL/m);
    runner.process.kill('SIGTERM');
    expect((await runner.ended).code).toBe(0);
    expect([again, other].filter(isThere)).toEqual([]);
    const after = await cli(['status'], { cwd });
    expect(after.stdout).toMatch(/^first +stopped +\d+s ago +- /m);
  });

  test('catches up together, and says what was done', async () => {
    const cwd = project(two);
    await feed(cwd, 'a', 'b');
    const args = ['run', '.', '--isolate', '--until-caught-up', '--json'];
    const { code, stdout } = await cli(args, { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      applications: [
        { application: 'first', ended: 'caught-up', records: 2 },
        { application: 'second', ended: 'caught-up', records: 2 },
      ],
    });
  });

  test('leaves no process behind when it is killed itself', async () => {
    const cwd = project(two);
    const runner = await start(cwd);
    const children = [pidOf(runner, 'first'), pidOf(runner, 'second')];
    runner.process.kill('SIGKILL');
    await untilGone(children);
    const { stdout } = await cli(['status'], { cwd });
    expect(stdout).toMatch(/^first +crashed +\d+s ago +- /m);
  });

  test('one that does not let go of its thread stops no other', async () => {
    const cwd = project(two);
    const runner = await start(cwd);
    const hog = pidOf(runner, 'first');
    await feed(cwd, 'hog');
    const { code, stdout } = await cli(['status', 'second', '--json'], { cwd });
    expect([code, JSON.parse(stdout)]).toMatchObject([0, [{ members: [{ shown: 'running' }] }]]);
    // A second signal ends all at once.
    runner.process.kill('SIGTERM');
    await sleep(300);
    runner.process.kill('SIGTERM');
    expect((await runner.ended).code).toBe(143);
    await untilGone([hog]);
  });
});
