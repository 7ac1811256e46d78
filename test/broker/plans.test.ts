import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cli } from '../runtime/cli/cli.ts';
import { words } from '../runtime/cli/project.ts';
import { requireKafka, uniqueName } from './harness/require.ts';

vi.setConfig({ testTimeout: 120_000 });
const kafka = requireKafka();
const topology = words['words.yaml'] as string;

let cwd: string;
let application: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-plans-'));
  application = uniqueName('words');
  for (const [name, text] of Object.entries(words)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true, maxRetries: 5 });
});

/** A member with a version of the topology. */
function member(file: string, edit: (text: string) => string = (text) => text): Cli {
  const named = topology
    .replace('application: words', `application: ${application}`)
    .replaceAll(/topic: (\w+)/g, `topic: ${application}.$1`)
    .replace('words.dead-letters', `${application}.dead-letters`);
  writeFileSync(join(cwd, file), edit(named));
  const args = ['run', file, '--log', 'kafka', '--brokers', kafka().brokers.join()];
  return new Cli([...args, '--data', join(cwd, 'data')], { cwd });
}

const runs = (cli: Cli): Promise<void> => cli.until(({ stderr }) => stderr.includes('runs on'));

async function stop(cli: Cli): Promise<number | null> {
  cli.process.kill('SIGTERM');
  return (await cli.ended).code;
}

describe('members of two versions', () => {
  test('work side by side where one is a rolling edit of the other', async () => {
    const old = member('one.yaml');
    await runs(old);
    const more = '  longer: { from: said, filter: size(value.word) > 5, to: shouted }\nerrors:';
    const next = member('two.yaml', (text) => text.replace('errors:', more));
    await runs(next);
    expect(await stop(old)).toBe(0);
    expect(await stop(next)).toBe(0);
    expect(old.stderr).not.toContain('error');
  });

  test('are kept apart where it is none: the newcomer is told what is in the way', async () => {
    const old = member('one.yaml');
    await runs(old);
    // The input is another topic: nothing has to be drained, but tasks are not the same.
    const next = member('two.yaml', (text) => text.replace('.said,', '.heard,'));
    const { code, stderr } = await next.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('error[PLAN_REFUSED]');
    expect(stderr).toContain('drain     sub-topology "counts": it also reads');
    expect(await stop(old)).toBe(0);
    const again = member('two.yaml', (text) => text.replace('.said,', '.heard,'));
    await runs(again);
    expect(await stop(again)).toBe(0);
  });

  test('are refused at the start where state would be of no use', async () => {
    const old = member('one.yaml');
    await runs(old);
    const edit = (text: string) =>
      text.replace('{ from: said, group-by-key: true,', '{ from: said, group-by: value.word,');
    const { code, stderr } = await member('two.yaml', edit).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/error\[PLAN_REFUSED\] application ".*" cannot go on with what it did/);
    expect(await stop(old)).toBe(0);
  });
});
