import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { CliResult } from './cli.ts';
import { inProcess } from './in-process.ts';
import { produce, projects, saidWriter, withDataFolder, words } from './project.ts';

vi.setConfig({ testTimeout: 60_000 });
const project = projects();
const topology = words['words.yaml'] as string;

interface Project {
  readonly cwd: string;
  readonly data: string;
  /** Replaces a text of the topology file. */
  readonly edit: (from: string, to: string) => void;
  readonly run: () => Promise<CliResult>;
  readonly plan: (...more: readonly string[]) => Promise<CliResult>;
}

/** A project whose data folder has one word said. */
async function spoken(): Promise<Project> {
  const cwd = project(words);
  const data = join(cwd, 'data');
  const file = join(cwd, 'words.yaml');
  await withDataFolder(data, async (log) => {
    const write = await saidWriter(log, 'said');
    await produce(log, { name: 'said', partitions: 2 }, [{ key: 'a', value: write('hello', 1) }]);
  });
  return {
    cwd,
    data,
    edit: (from, to) => {
      expect(topology).toContain(from);
      writeFileSync(file, topology.replace(from, to));
    },
    run: () => inProcess('run', file, '--data', data, '--until-caught-up'),
    plan: (...more) => inProcess('plan', file, '--data', data, ...more),
  };
}

const more = `  longer: { from: said, filter: size(value.word) > 5, to: shouted }\nerrors:`;

describe('plan', () => {
  test('says that nothing ran yet', async () => {
    const { plan, data } = await spoken();
    expect(await plan()).toEqual({
      code: 0,
      stdout: `application "words" has not run on ${data}: there is nothing to compare it with\n`,
      stderr: '',
    });
  });

  test('finds no difference after a run, and a rolling one after an edit', async () => {
    const { run, plan, edit, data } = await spoken();
    expect((await run()).code).toBe(0);
    expect(await plan()).toMatchObject({
      code: 0,
      stdout: `application "words" is as what ran last on ${data}\n`,
    });
    edit('errors:', more);
    expect(await plan()).toEqual({
      code: 0,
      stdout: `application "words": 1 difference from what ran last on ${data}\nrolling   stage "longer": it is new, and writes to "shouted"; from now on\n`,
      stderr: '',
    });
  });

  test('gives 1 for what run refuses, with what a reset would read again', async () => {
    const { run, plan, edit, data } = await spoken();
    await run();
    edit('{ from: said, group-by-key: true,', '{ from: said, group-by: value.word,');
    const { code, stdout } = await plan();
    expect(code).toBe(1);
    expect(stdout).toContain(
      'rebuild   stage "counts": the key of input "in" is value.word instead of the key of the topic; the rows of "counts" lie under the old one\n',
    );
    expect(stdout).toMatch(/a reset reads 1 record again\n$/);
    expect(stdout).toContain(`from what ran last on ${data}`);
  });

  test('forbids other partitions of a topic that is there, as run does', async () => {
    const { run, plan, edit } = await spoken();
    await run();
    edit('value: text.Said, partitions: 2 }\nstages', 'value: text.Said, partitions: 8 }\nstages');
    const { code, stdout } = await plan();
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /forbidden topic "shouted": it has 2 partitions, but the topology needs 8 \(\S*words.yaml:\d+:\d+\): write "partitions: 2", or delete it for it to be created anew\n/,
    );
    expect(await run()).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('error[TOPIC_MISMATCH] topic "shouted" has 2 partitions'),
    });
  });

  test('gives 0 for a drain with nothing left to read, as run goes on', async () => {
    const { run, plan, edit } = await spoken();
    await run();
    edit(
      '  counts: { from: said, group-by-key: true, count: { store: counts }, drop: [out] }\n',
      '',
    );
    expect(await plan()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('drain     store "counts": it is gone'),
    });
    expect((await run()).code).toBe(0);
  });

  test('prints JSON', async () => {
    const { run, plan, edit } = await spoken();
    await run();
    edit('errors:', more);
    expect(JSON.parse((await plan('--json')).stdout)).toEqual({
      application: 'words',
      ran: true,
      goesOn: true,
      verdict: 'rolling',
      replayRecords: 1,
      differences: [
        {
          verdict: 'rolling',
          subject: { kind: 'stage', name: 'longer' },
          change: 'it is new, and writes to "shouted"',
          cost: 'from now on',
        },
      ],
    });
  });

  test('compares with another file', async () => {
    const { cwd, plan, edit } = await spoken();
    const other = join(cwd, 'before.yaml');
    writeFileSync(other, topology);
    edit('application: words', 'application: other');
    expect(await plan('--against', other)).toMatchObject({
      code: 1,
      stdout: `application "other": 1 difference from ${other}\nforbidden application "other": it was called "words"; positions, state and internal topics belong to the old name\n`,
    });
  });
});

describe('run, after an edit', () => {
  test('goes on by itself with a rolling one, and remembers it', async () => {
    const { run, plan, edit, data } = await spoken();
    await run();
    edit('errors:', more);
    const { code, stderr } = await run();
    expect(code).toBe(0);
    expect(stderr).toMatch(/new plan: rolling {3}stage \\?"longer\\?": it is new, and writes to/);
    expect((await plan()).stdout).toBe(`application "words" is as what ran last on ${data}\n`);
  });

  test('goes on with a new store, whose changelog nobody misses', async () => {
    const { run, edit } = await spoken();
    edit(
      '  counts: { from: said, group-by-key: true, count: { store: counts }, drop: [out] }\n',
      '',
    );
    await run();
    edit('errors:', 'errors:');
    expect(await run()).toMatchObject({ code: 0 });
  });

  test('refuses one that makes the state useless, with what to do', async () => {
    const { run, plan, edit, data } = await spoken();
    await run();
    edit('{ from: said, group-by-key: true,', '{ from: said, group-by: value.word,');
    const { code, stderr } = await run();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error\[PLAN_REFUSED\] application "words" cannot go on with what it did before:\n {2}rebuild {3}stage "counts": /,
    );
    expect(stderr).toMatch(/"millrace reset \S*words.yaml --data \S+" deletes its state/);
    expect(stderr).toContain(`words.yaml --data ${data}" shows all differences`);
    expect(stderr).toContain('outputs stay, so a run after it writes its results again');
    expect((await plan()).code).toBe(1);
  });

  test('refuses sums of another primitive type, whose rows would be misread', async () => {
    const { run, plan, edit } = await spoken();
    const sums = (as: string, init: string): string =>
      `  sums: { from: said, group-by-key: true, aggregate: { as: ${as}, init: ${init}, add: aggregate }, drop: [out] }\nerrors:`;
    edit('errors:', sums('long', '0'));
    expect((await run()).code).toBe(0);
    edit('errors:', sums('double', '0.0'));
    expect(await run()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^error\[PLAN_REFUSED\][^\n]*\n {2}migrate {3}store "sums": its values are double instead of long;/,
      ),
    });
    expect((await plan()).code).toBe(1);
  });

  test('refuses a changelog that the plan before had and that is gone', async () => {
    const { run, plan, data } = await spoken();
    await run();
    await withDataFolder(data, async (log) => {
      await log.admin.delete('words-counts-changelog');
      await log.admin.setPositions('words', undefined);
    });
    expect(await plan()).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(
        'forbidden topic "words-counts-changelog": it is a changelog, and is missing although',
      ),
    });
    expect(await run()).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(
        'error[CHANGELOG_MISSING] topic "words-counts-changelog" is a changelog, and is missing although application "words" had the store "counts" when it ran last',
      ),
    });
  });

  test('refuses a repartition topic that is gone, with all that was not read', async () => {
    const { run, plan, edit, data } = await spoken();
    edit('{ from: said, group-by-key: true,', '{ from: said, group-by: value.word,');
    expect((await run()).code).toBe(0);
    await withDataFolder(data, (log) => log.admin.delete('words-counts-repartition'));
    const text =
      /"words-counts-repartition"(: it)? is missing although application "words" ran with it: what lay in it and was not read is lost; create it anew to go on/;
    expect(await plan()).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(text) as string,
    });
    expect(await run()).toMatchObject({ code: 3, stderr: expect.stringMatching(text) as string });
    await withDataFolder(data, (log) =>
      log.admin.create({
        name: 'words-counts-repartition',
        partitions: 2,
        cleanup: 'delete',
        retention: 'forever',
      }),
    );
    expect((await run()).code).toBe(0);
  });

  test('refuses rows that an earlier version left for a store of that name', async () => {
    const { run, plan, edit } = await spoken();
    await run();
    edit(
      '  counts: { from: said, group-by-key: true, count: { store: counts }, drop: [out] }\n',
      '',
    );
    expect((await run()).code).toBe(0);
    edit('errors:', 'errors:');
    const { code, stdout } = await plan('--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      goesOn: false,
      verdict: 'forbidden',
      differences: [
        { subject: { kind: 'topic', name: 'words-counts-changelog' } },
        { verdict: 'rolling' },
        { verdict: 'rolling' },
      ],
    });
    expect(await run()).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(
        'error[CHANGELOG_LEFT] topic "words-counts-changelog" is the changelog of store "counts", which is new',
      ),
    });
  });
});
