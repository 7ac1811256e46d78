import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Cli } from './cli.ts';
import { expectComplete, load, loadSize, loudWords } from './load.ts';
import { projects, words } from './project.ts';

const project = projects();
const script = fileURLToPath(new URL('child/signals.ts', import.meta.url));

/** Words that a stopped service says that it took. */
function recordsOf(stderr: string): number {
  const [, records] = /is stopped: ([\d,]+) records/.exec(stderr) ?? [];
  return Number(records?.replaceAll(',', ''));
}

describe('a signal while the application works', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s commits what is completed and stops in order; the rest is done at the next start',
    async (signal) => {
      const cwd = project(loudWords);
      await load(cwd);
      const service = new Cli(['run', 'words.yaml', '--data', 'data'], { cwd });
      await service.until(({ stderr }) => stderr.includes('record 4500'));
      service.process.kill(signal);
      const { code, stderr } = await service.ended;
      expect(code).toBe(0);
      const records = recordsOf(stderr);
      expect(records).toBeGreaterThan(0);
      expect(records).toBeLessThan(loadSize);
      await expectComplete(cwd);
    },
    60_000,
  );

  test('SIGKILL loses nothing and doubles nothing', async () => {
    const cwd = project(loudWords);
    await load(cwd);
    const service = new Cli(['run', 'words.yaml', '--data', 'data'], { cwd });
    await service.until(({ stderr }) => stderr.includes('record 4500'));
    service.process.kill('SIGKILL');
    expect((await service.ended).code).toBeNull();
    await expectComplete(cwd);
  }, 60_000);
});

describe('a signal', () => {
  /** Loads for a minute. */
  const slow = {
    ...words,
    'processors/shout.ts': `process.stderr.write('loading\\n');
await new Promise((resolve) => setTimeout(resolve, 60_000));
export function shout(): void {}
`,
  };

  test.each([
    ['a service', [], 0],
    ['a job', ['--until-caught-up'], 1],
  ] as const)('ends %s at once while it is starting', async (_, more, code) => {
    const cwd = project(slow);
    const starting = new Cli(['run', 'words.yaml', '--data', 'data', ...more], { cwd });
    await starting.until(({ stderr }) => stderr.includes('loading'));
    starting.process.kill('SIGTERM');
    expect(await starting.ended).toEqual({
      code,
      stdout: '',
      stderr: 'loading\nstopped while it was starting\n',
    });
  });

  test('ends a job that has not caught up with 1', async () => {
    const cwd = project(loudWords);
    await load(cwd);
    const args = ['run', 'words.yaml', '--data', 'data', '--until-caught-up'];
    const job = new Cli(args, { cwd });
    await job.until(({ stderr }) => stderr.includes('record 2500'));
    job.process.kill('SIGINT');
    const { code, stderr } = await job.ended;
    expect(stderr).toContain('application "words" is stopped');
    expect(code).toBe(1);
  }, 60_000);
});

describe('a second signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the process at once', async (signal, code) => {
    const child = new Cli([], { cwd: process.cwd(), script });
    await child.until(({ stdout }) => stdout.includes('ready'));
    child.process.kill(signal);
    await child.until(({ stdout }) => stdout.includes('first'));
    child.process.kill(signal);
    expect((await child.ended).code).toBe(code);
  });
});
