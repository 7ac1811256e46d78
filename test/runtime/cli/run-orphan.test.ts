import { expect, test, vi } from 'vitest';
import { closeGraceMs } from '../../../runtime/cli/isolated/close-grace.ts';
import { Cli, cli } from './cli.ts';
import { feed, isThere, pidOf, two, untilGone, untilRunning } from './many.ts';
import { projects } from './project.ts';

// Each test starts some ten processes, which takes long on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 180_000 });
const project = projects();

test('a process that does not let go of its thread is gone some time after its runner was killed', async () => {
  const cwd = project(two);
  const runner = new Cli(['run', 'first.yaml', '--isolate'], { cwd });
  await untilRunning(runner, 1);
  const hog = pidOf(runner, 'first');
  await feed(cwd, 'hog');
  const lagging = await cli(['status', 'first'], { cwd });
  expect(lagging.stdout).toContain('first: behind in input 1\n');
  runner.process.kill('SIGKILL');
  await runner.ended;
  expect(isThere(hog)).toBe(true);
  await untilGone([hog], closeGraceMs + 10_000);
});
