import { cpSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { dataFile, Environment } from '../../../runtime/embedded/environment.ts';
import { dataLayout } from '../../../runtime/embedded/layout.ts';
import type { DataLayout } from '../../../runtime/embedded/layout.ts';
import { pageBytes, parseHead } from '../../../runtime/mapped/head-pages.ts';
import { inspectFile } from '../../../runtime/mapped/tree-inspection.ts';
import { realClock } from '../log-harness.ts';
import { damages, overwrite, overwriteSome } from '../mapped/overwrite.ts';
import { Child } from './child/process.ts';
import { rewriteControl } from './control.ts';
import { testFolders } from './folders.ts';
import { randomOf } from './random.ts';
import { fillSample, readSample } from './sample-log.ts';

const newFolder = testFolders();
let layout: DataLayout;
let file: string;

beforeEach(() => {
  layout = dataLayout(newFolder());
  file = dataFile(layout.records);
});

function open(): Promise<EmbeddedLog> {
  return openEmbeddedLog({ folder: layout.root, clock: realClock, create: false });
}

/** The page from which all records are found. */
function rootPage(): number {
  return parseHead(readFileSync(file)).mainTree.root as number;
}

/** What is noted about how the log was left. */
async function note(): Promise<{ closed?: object; doubts?: number }> {
  const control = new Environment(layout.control, 'sync');
  const record = JSON.parse(control.get(Buffer.from('control'))!.toString()) as object;
  await control.close();
  return record;
}

/** Makes the log look as if the file had been closed as it is now: as when a disk is at fault. */
async function hideChange(): Promise<void> {
  const { mtimeMs } = statSync(file);
  await rewriteControl(layout, (record) => {
    const closed = record['closed'] as object;
    return { ...record, closed: { ...closed, changedMs: mtimeMs } };
  });
}

/** What a child says that opens the log, reads all and writes. */
async function openInChild(): Promise<readonly string[]> {
  const child = new Child('opener.ts', [layout.root]);
  await child.end();
  return child.said;
}

/**
 * Overwrites a leaf of which the one before is sound: LMDB ends the process that goes on to it.
 * Returns its number.
 */
function overwriteLeaf(): number {
  const bytes = readFileSync(file);
  const leaves: { readonly page: number; readonly key: string }[] = [];
  for (let page = 2; page < bytes.length / pageBytes; page++) {
    const place = bytes.subarray(page * pageBytes, (page + 1) * pageBytes);
    const isLeaf = place.readUInt32LE(0) === page && place.readUInt16LE(18) === 2;
    if (!isLeaf || !place.includes('vvv')) continue;
    const node = 24 + place.readUInt16LE(24);
    leaves.push({
      page,
      key: place.toString('hex', node + 8, node + 8 + place.readUInt16LE(node + 6)),
    });
  }
  leaves.sort((a, b) => (a.key < b.key ? -1 : 1));
  const { page } = leaves[Math.floor(leaves.length / 4)] as { page: number };
  overwrite(file, page, 'zeros', randomOf(1), page);
  return page;
}

describe('openEmbeddedLog', () => {
  test.each(damages)('says which page of the records is damaged (%s)', async (damage) => {
    await fillSample(layout.root);
    const page = rootPage();
    overwrite(file, page, damage, randomOf(1), page - 1);
    await expect(open()).rejects.toMatchObject({ name: 'StorageError', code: 'LOG_CORRUPT' });
    await expect(open()).rejects.toThrow(
      new RegExp(
        `^the log in "${layout.log}" is damaged \\(page ${page} of the file "${file}" is ` +
          'overwritten: it holds (no page|page \\d+)\\): restore the folder from a backup, or remove it to ' +
          'begin anew$',
      ),
    );
  });

  test('says which page of the process table is damaged', async () => {
    await fillSample(layout.root);
    const control = dataFile(layout.control);
    const page = parseHead(readFileSync(control)).mainTree.root as number;
    overwrite(control, page, 'zeros', randomOf(1), page);
    await expect(open()).rejects.toThrow(
      `the log in "${layout.log}" is damaged (page ${page} of the file "${control}" is overwritten`,
    );
  });

  test('opens again when the damaged file was put back', async () => {
    await fillSample(layout.root);
    const backup = join(newFolder(), 'backup');
    cpSync(layout.records, backup, { recursive: true });
    overwrite(file, rootPage(), 'zeros', randomOf(1), 0);
    await expect(open()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    cpSync(backup, layout.records, { recursive: true });
    const log = await open();
    await readSample(log);
    await log.close();
    expect(await note()).toMatchObject({ doubts: 0 });
  });

  test('says so at the second start, if the first died of damage that could not be seen', async () => {
    await fillSample(layout.root);
    const page = overwriteLeaf();
    await hideChange();
    expect(await openInChild()).toEqual([]);
    expect(await openInChild()).toEqual([
      expect.stringContaining(
        `(page ${page} of the file "${file}" is overwritten: it holds no page)`,
      ),
      'done',
    ]);
  });

  test('looks at nothing when the file is as it was closed', async () => {
    await fillSample(layout.root);
    // A page that nothing reads while the log is only opened and closed.
    overwrite(file, rootPage(), 'zeros', randomOf(1), 0);
    await hideChange();
    const log = await open();
    await log.close();
    expect(await note()).toMatchObject({ doubts: 0, closed: { bytes: statSync(file).size } });
  });

  test('looks through a file whose time was changed, and trusts it again', async () => {
    await fillSample(layout.root);
    utimesSync(file, 5, 5);
    await (await open()).close();
    expect(await note()).toMatchObject({ doubts: 0, closed: { changedMs: 5_000 } });
  });

  test('opens what a killed process left, however it was killed, again and again', async () => {
    for (let round = 0; round < 3; round++) {
      const child = new Child('writer.ts', [layout.root, 'g', 'interval', '100000', '700']);
      await child.line('joined');
      await child.line(`acked ${round * 20 + 5}`);
      await child.kill();
      expect((await note()).closed).toBeUndefined();
      const log = await open();
      await readSample(log);
      await log.close();
      expect(await note()).toMatchObject({ doubts: 0, closed: {} });
    }
  });

  test('finds nothing wrong with what another process writes meanwhile', async () => {
    const writing = new Child('writer.ts', [layout.root, 'a', 'commit', '100000', '3000']);
    try {
      await writing.line('acked 3');
      for (let round = 0; round < 3; round++) {
        const killed = new Child('writer.ts', [layout.root, 'b', 'commit', '100000', '3000']);
        await killed.line('joined');
        await killed.kill();
        const log = await open();
        for (let i = 0; i < 20; i++) expect(inspectFile(file).damage).toBeUndefined();
        await log.close();
        // The process that is inside keeps the file from a stamp.
        const { closed, doubts } = await note();
        expect({ closed, doubts }).toEqual({ closed: undefined, doubts: 0 });
      }
    } finally {
      await writing.kill();
    }
  });

  test('never dies of overwritten pages: it says so, or all that is read is whole', async () => {
    await fillSample(layout.root);
    const folders: string[] = [];
    const done: string[] = [];
    for (let seed = 1; seed <= 80; seed++) {
      const random = randomOf(seed);
      const folder = newFolder();
      cpSync(layout.root, folder, { recursive: true });
      const { records, control } = dataLayout(folder);
      folders.push(folder);
      done.push(overwriteSome(dataFile(random() < 0.9 ? records : control), random));
    }
    const child = new Child('opener.ts', folders);
    await child.line('done').catch((error: Error) => {
      throw new Error(`${done[child.said.length]}: ${error.message}`);
    });
    const { said } = child;
    expect(said).toHaveLength(folders.length + 1);
    for (const [i, line] of said.slice(0, -1).entries()) {
      expect(line, `after ${done[i]}`).toMatch(/^(whole$|LOG_CORRUPT the log )/);
    }
    expect(said.filter((line) => line.startsWith('LOG_CORRUPT')).length).toBeGreaterThan(40);
    expect(said).toContain('whole');
  });
});
