import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dataLayout } from '../../../runtime/embedded/layout.ts';
import { dataFile } from '../../../runtime/embedded/environment.ts';
import { parseHead } from '../../../runtime/mapped/head-pages.ts';
import { rewriteControl } from '../embedded/control.ts';
import { randomOf } from '../embedded/random.ts';
import { overwrite } from '../mapped/overwrite.ts';
import { Cli, cli } from './cli.ts';
import { expectGolden } from './golden.ts';
import { produce, projects, saidWriter, withDataFolder, words } from './project.ts';

const project = projects();
const run = ['run', 'words.yaml', '--data', 'data', '--until-caught-up'];

describe('a topic that does not fit', () => {
  test('is refused when it has another number of partitions', async () => {
    const cwd = project(words);
    await withDataFolder(join(cwd, 'data'), async (log) => {
      await log.admin.create({
        name: 'said',
        partitions: 3,
        cleanup: 'delete',
        retention: 'forever',
      });
    });
    await expectGolden('partitions-mismatch', run, await cli(run, { cwd }), cwd);
  });

  test('is refused when it has another clean-up policy', async () => {
    const cwd = project(words);
    await withDataFolder(join(cwd, 'data'), async (log) => {
      await log.admin.create({
        name: 'said',
        partitions: 2,
        cleanup: 'compact',
        retention: 'forever',
      });
    });
    await expectGolden('cleanup-mismatch', run, await cli(run, { cwd }), cwd);
  });
});

describe('a data folder that cannot be used', () => {
  /** A project whose log is there and closed. */
  async function started(): Promise<string> {
    const cwd = project(words);
    expect((await cli(run, { cwd })).code).toBe(0);
    return cwd;
  }

  test('is refused while another process runs the application, which goes on', async () => {
    const cwd = project(words);
    const service = ['run', 'words.yaml', '--data', 'data'];
    const first = new Cli(service, { cwd });
    await first.until(({ stderr }) => stderr.includes('runs on data'));
    const second = await cli(service, { cwd });
    expect(second.stderr).toContain(`process ${first.process.pid} `);
    await expectGolden('second-owner', service, second, cwd);
    const reset = ['reset', 'words.yaml', '--data', 'data', '--yes'];
    const refused = await cli(reset, { cwd });
    expect(refused.stderr).toContain(`process ${first.process.pid} `);
    await expectGolden('reset-running', reset, refused, cwd);
    const all = ['reset', '--all', '--data', 'data', '--yes'];
    await expectGolden('reset-all-running', all, await cli(all, { cwd }), cwd);
    expect(first.process.exitCode).toBeNull();
    first.process.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
  });

  test('is refused when it is none', async () => {
    const cwd = project({ ...words, 'data/log/thesis.doc': 'x' });
    await expectGolden('data-foreign', run, await cli(run, { cwd }), cwd);
    expect(readFileSync(join(cwd, 'data/log/thesis.doc'), 'utf8')).toBe('x');
  });

  test('is refused when it is a file', async () => {
    const cwd = project({ ...words, data: 'x' });
    await expectGolden('data-file', run, await cli(run, { cwd }), cwd);
  });

  test('is refused when another version wrote it', async () => {
    const cwd = await started();
    const layout = dataLayout(join(cwd, 'data'));
    await rewriteControl(layout, (record) => ({ ...record, format: 2 }));
    await expectGolden('data-version', run, await cli(run, { cwd }), cwd);
  });

  test('is refused when it is damaged', async () => {
    const cwd = await started();
    const file = dataFile(dataLayout(join(cwd, 'data')).records);
    truncateSync(file, 4096);
    await expectGolden('data-damaged', run, await cli(run, { cwd }), cwd);
  });

  test('is rebuilt where only the state is damaged, and that is said', async () => {
    const cwd = await started();
    const file = join(dataLayout(join(cwd, 'data')).state('words'), 'data.mdb');
    writeFileSync(file, Buffer.alloc(readFileSync(file).length, 0x5a));
    await expectGolden('state-damaged', run, await cli(run, { cwd }), cwd);
  });

  test('is refused when a page in its middle is overwritten', async () => {
    const cwd = await started();
    const file = dataFile(dataLayout(join(cwd, 'data')).records);
    overwriteRoot(file);
    await expectGolden('log-page-damaged', run, await cli(run, { cwd }), cwd);
    const list = ['topics', '--data', 'data'];
    await expectGolden('topics-page-damaged', list, await cli(list, { cwd }), cwd);
  });

  test('is rebuilt where a page in the middle of the state is overwritten', async () => {
    const cwd = await started();
    overwriteRoot(join(dataLayout(join(cwd, 'data')).state('words'), 'data.mdb'));
    await expectGolden('state-page-damaged', run, await cli(run, { cwd }), cwd);
  });

  /** Noise over the page from which all others are found. */
  function overwriteRoot(file: string): void {
    const page = parseHead(readFileSync(file)).mainTree.root as number;
    overwrite(file, page, 'noise', randomOf(3), page);
  }

  test('is refused where the system makes no folders', async (context) => {
    if (process.platform !== 'linux') context.skip('/proc is there on Linux');
    const cwd = project(words);
    const args = ['run', 'words.yaml', '--data', '/proc/x', '--until-caught-up'];
    await expectGolden('data-no-folders', args, await cli(args, { cwd }), cwd);
  });

  test('is refused when it cannot be written', async () => {
    const cwd = project(words);
    mkdirSync(join(cwd, 'data'));
    chmodSync(join(cwd, 'data'), 0o555);
    chmodSync(cwd, 0o755);
    // Root may write anywhere, unless it has no capabilities.
    const isRoot = process.getuid?.() === 0;
    const result = await cli(run, {
      cwd,
      ...(isRoot ? { wrapper: 'setpriv --inh-caps=-all --bounding-set=-all' } : {}),
    });
    await expectGolden('data-read-only', run, result, cwd);
  });

  test('is refused by commands that only read when there is none', async () => {
    const cwd = project(words);
    const args = ['topics', '--data', 'data'];
    await expectGolden('data-missing', args, await cli(args, { cwd }), cwd);
  });
});

describe('a record that does not decode', () => {
  test('goes to the dead letters, and the run goes on', async () => {
    const cwd = project(words);
    await withDataFolder(join(cwd, 'data'), async (log) => {
      const write = await saidWriter(log, 'said');
      await produce(log, { name: 'said', partitions: 2 }, [
        { key: 'a', value: write('a', 1) },
        { key: 'a', value: Buffer.from('no Avro') },
        { key: 'a', value: Buffer.from([0, 0, 0, 3, 231, 1]) },
        { key: 'a', value: write('b', 2) },
      ]);
    });
    await expectGolden('undecodable-run', run, await cli(run, { cwd }), cwd);
    const shouted = ['topics', 'read', 'shouted', '--data', 'data'];
    await expectGolden('undecodable-output', shouted, await cli(shouted, { cwd }), cwd);
    const dead = ['topics', 'read', 'words.dead-letters', '--data', 'data'];
    await expectGolden('undecodable-dead-letters', dead, await cli(dead, { cwd }), cwd);
  });
});
