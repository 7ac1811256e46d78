import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { SyncMode } from '../../../runtime/embedded/durability.ts';
import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { dataLayout } from '../../../runtime/embedded/layout.ts';
import type { DataLayout } from '../../../runtime/embedded/layout.ts';
import { dataFile, Environment } from '../../../runtime/embedded/environment.ts';
import { Owners } from '../../../runtime/embedded/ownership.ts';
import { StorageError } from '../../../topology/core/errors.ts';
import type { Ownership } from '../../../runtime/ports.ts';
import { batchOf, plain } from '../codec/records.ts';
import { realClock } from '../log-harness.ts';
import { rewriteControl } from './control.ts';
import { testFolders } from './folders.ts';

const newFolder = testFolders();
const quiet: Ownership = {
  assigned: async () => {},
  revoked: async () => {},
  lost: async () => {},
};

let layout: DataLayout;

beforeEach(() => {
  layout = dataLayout(newFolder());
});

function open(sync: SyncMode = 'commit', more: { create?: boolean; maxBytes?: number } = {}) {
  return openEmbeddedLog({ folder: layout.root, clock: realClock, sync, ...more });
}

async function writer(log: EmbeddedLog) {
  await log.admin.create({ name: 't', partitions: 1, cleanup: 'delete', retention: 'forever' });
  const member = await log.join({ group: 'g', topics: ['t'], slot: 's' }, quiet);
  const producer = await log.transactor('s');
  return (...batches: Buffer[]) =>
    producer.commit(
      {
        appends: batches.map((batch) => ({ topic: 't', partition: 0, batch, records: 1 })),
        positions: [],
      },
      member,
    );
}

async function end(log: EmbeddedLog): Promise<number> {
  const [found] = await log.ends([{ topic: 't', partition: 0 }]);
  return found!.end;
}

/** A closed log of ten records. */
async function filled(sync: SyncMode = 'commit'): Promise<string> {
  const log = await open(sync);
  const append = await writer(log);
  for (let i = 0; i < 10; i++) await append(batchOf(plain('k', 'v'.repeat(3_000))));
  await log.close();
  return log.incarnation;
}

describe('openEmbeddedLog', () => {
  test('finds again what was committed', async () => {
    const incarnation = await filled();
    const log = await open();
    expect(await end(log)).toBe(10);
    expect(log.incarnation).toBe(incarnation);
    await log.close();
  });

  test('opens a folder twice in one process', async () => {
    await filled();
    const [one, other] = await Promise.all([open(), open()]);
    const append = await writer(one);
    await append(batchOf(plain('a', '1')));
    expect(await end(other)).toBe(11);
    await one.close();
    expect(await end(other)).toBe(11);
    await other.close();
  });

  test('opens with a million records inside', async () => {
    const log = await open('never');
    const append = await writer(log);
    const batch = batchOf(...Array.from({ length: 1_000 }, (_, i) => plain(`key-${i}`, 'value')));
    for (let i = 0; i < 1_000; i++) await append(Buffer.from(batch));
    await log.close();
    const again = await open();
    expect(await end(again)).toBe(1_000_000);
    await again.close();
  });

  test('refuses to create a log where one must be', async () => {
    await expect(open('commit', { create: false })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'LOG_MISSING',
      message: `there is no log in "${layout.root}": check the data folder, or run a topology first`,
    });
  });

  test('refuses a folder with something else in it', async () => {
    mkdirSync(layout.log);
    writeFileSync(join(layout.log, 'thesis.doc'), 'x');
    await expect(open()).rejects.toMatchObject({
      name: 'StorageError',
      code: 'LOG_FOREIGN',
      message:
        `"${layout.log}" holds "thesis.doc" and no control folder: it is no log of Millrace. ` +
        'Name another data folder',
    });
  });

  test('refuses a file in place of the folder', async () => {
    const file = join(layout.root, 'file');
    writeFileSync(file, 'x');
    layout = dataLayout(file);
    await expect(open()).rejects.toMatchObject({
      code: 'LOG_FOREIGN',
      message: `"${file}" is not a folder: name a folder for the data`,
    });
  });

  test('refuses another format version', async () => {
    await filled();
    await rewriteControl(layout, (record) => ({ ...record, format: 2 }));
    await expect(open()).rejects.toMatchObject({
      name: 'StorageError',
      code: 'LOG_VERSION',
      message:
        `the log in "${layout.log}" has format 2, this version of Millrace reads format 1: ` +
        'use the version that wrote it, or another data folder',
    });
  });

  test.each<[string, (file: string) => void]>([
    ['is cut short', (file) => truncateSync(file, readFileSync(file).length - 8_192)],
    ['is empty', (file) => truncateSync(file, 0)],
    ['is missing', (file) => rmSync(file)],
    [
      'is overwritten',
      (file) => writeFileSync(file, Buffer.alloc(readFileSync(file).length, 0x5a)),
    ],
  ])('says what to do when the records file %s', async (_, damage) => {
    await filled();
    damage(dataFile(layout.records));
    const opening = open();
    await expect(opening).rejects.toMatchObject({ name: 'StorageError', code: 'LOG_CORRUPT' });
    await expect(opening).rejects.toThrow(
      /is damaged \(.*\): restore the folder from a backup, or remove it to begin anew$/,
    );
  });

  test('says what to do when the control file is overwritten', async () => {
    await filled();
    writeFileSync(dataFile(layout.control), Buffer.alloc(32_768, 0x5a));
    await expect(open()).rejects.toMatchObject({ name: 'StorageError', code: 'LOG_CORRUPT' });
  });

  test('begins anew when an earlier open died before its first mark', async () => {
    await filled();
    await rewriteControl(layout, (record) => ({ ...record, ready: false, openers: [] }));
    writeFileSync(dataFile(layout.records), 'half a page');
    const log = await open();
    expect(await log.admin.list()).toEqual([]);
    await log.close();
  });
});

describe('fetch', () => {
  test('names partition and offset of a damaged batch', async () => {
    await filled();
    const file = dataFile(layout.records);
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('vvvvvvvvvv') + 5] = 0;
    writeFileSync(file, bytes);
    const log = await open();
    const fetching = (offset: number) =>
      log.fetch([{ topic: 't', partition: 0, offset }], {
        maxBytes: 1,
        maxBytesPerPartition: 1,
      });
    const offset = await firstFailure(fetching);
    await expect(fetching(offset)).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
      place: { topic: 't', partition: 0, offset },
    });
    await expect(fetching(offset)).rejects.toThrow(
      `the log is damaged in t-0 at or after offset ${offset}: a record batch does not match its ` +
        'checksum',
    );
    await log.close();
  });

  async function firstFailure(fetching: (offset: number) => Promise<unknown>): Promise<number> {
    for (let offset = 0; offset < 10; offset++) {
      try {
        await fetching(offset);
      } catch {
        return offset;
      }
    }
    throw new Error('nothing is damaged');
  }
});

describe('maxBytes', () => {
  test('refuses a transaction beyond it, whole, and takes others', async () => {
    const big = (): Buffer => batchOf(plain('k', 'x'.repeat(1_000)));
    const log = await open('commit', { maxBytes: big().length * 2 + 100 });
    const append = await writer(log);
    await append(big());
    const small = batchOf(plain('k', 'x'));
    await expect(append(small, big(), big())).rejects.toMatchObject({ code: 'LOG_FULL' });
    expect(await end(log)).toBe(1);
    await append(big());
    await expect(append(big())).rejects.toThrow(
      `holds ${big().length * 2} bytes of at most ${big().length * 2 + 100} and a transaction ` +
        `needs ${big().length} more: nothing of it was stored, all before it is safe`,
    );
    await log.admin.deleteRecords([{ topic: 't', partition: 0, offset: 1 }]);
    await append(big());
    expect(await end(log)).toBe(3);
    await log.close();
  });
});

describe('incarnation', () => {
  /** Leaves the log as a killed process does: with its control record as it was while open. */
  async function killed(sync: SyncMode): Promise<string> {
    const log = await open(sync);
    const copy = join(layout.root, 'control.mdb');
    copyFileSync(dataFile(layout.control), copy);
    await log.close();
    copyFileSync(copy, dataFile(layout.control));
    return log.incarnation;
  }

  const dead = { openers: [] };
  const elsewhere = { ...dead, boot: 'the boot before' };

  test.each<[string, SyncMode, object, boolean]>([
    ['stays when a process was killed', 'interval', dead, false],
    ['changes when the machine died under sync: interval', 'interval', elsewhere, true],
    ['changes when the machine died under sync: never', 'never', elsewhere, true],
    ['stays when the machine died under sync: commit', 'commit', elsewhere, false],
  ])('%s', async (_, sync, change, changes) => {
    const before = await killed(sync);
    await rewriteControl(layout, (record) => ({ ...record, ...change }));
    const log = await open();
    expect(log.incarnation !== before).toBe(changes);
    await log.close();
    const again = await open();
    expect(again.incarnation).toBe(log.incarnation);
    await again.close();
  });

  test('stays when the machine was restarted after a clean close', async () => {
    const before = await filled('never');
    await rewriteControl(layout, (record) => ({ ...record, boot: 'the boot before' }));
    const log = await open();
    expect(log.incarnation).toBe(before);
    expect(await end(log)).toBe(10);
    await log.close();
  });

  test('stays when a killed process’s commits were flushed by the next open', async () => {
    const before = await killed('never');
    await rewriteControl(layout, (record) => ({ ...record, ...dead }));
    await (await open('commit')).close();
    await rewriteControl(layout, (record) => ({ ...record, boot: 'the boot before' }));
    const log = await open();
    expect(log.incarnation).toBe(before);
    await log.close();
  });
});

test('a log whose disk takes nothing any more closes its files all the same', async () => {
  const log = await open();
  await log.join({ group: 'g', topics: [], slot: 's' }, quiet);
  const full = new StorageError('LOG_FULL', 'the disk is full');
  const release = vi.spyOn(Owners.prototype, 'release').mockImplementation(() => {
    throw full;
  });
  const closed = vi.spyOn(Environment.prototype, 'close');
  try {
    await expect(log.close()).rejects.toBe(full);
    // Records and control.
    expect(closed).toHaveBeenCalledTimes(2);
  } finally {
    release.mockRestore();
    closed.mockRestore();
  }
});
