import { statSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { dataFile } from '../../../runtime/embedded/environment.ts';
import { dataLayout } from '../../../runtime/embedded/layout.ts';
import type { Membership, TopicSpec, Transactor } from '../../../runtime/ports.ts';
import { batchOf, plain, recordsOf } from '../codec/records.ts';
import { realClock } from '../log-harness.ts';
import { testFolders } from './folders.ts';

const newFolder = testFolders();

/** More batches than one step may touch. */
const many = 600;

let folder: string;
let log: EmbeddedLog;
let member: Membership;
let producer: Transactor;

beforeEach(() => {
  folder = newFolder();
});

async function open(): Promise<void> {
  log = await openEmbeddedLog({
    folder,
    clock: realClock,
    sync: 'never',
    compaction: { minDirtyBytes: 1, minDirtyRatio: 0.5, deleteRetentionMs: 1_000 },
  });
}

async function filled(settings: Pick<TopicSpec, 'cleanup' | 'retention'>): Promise<void> {
  await open();
  await log.admin.create({ name: 't', partitions: 1, ...settings });
  await join();
  for (let i = 0; i < many; i++) await append(`k${i % 3}`, `v${i}`, i);
}

async function join(): Promise<void> {
  member = await log.join(
    { group: 'g', topics: ['t'], slot: 's' },
    { assigned: async () => {}, revoked: async () => {}, lost: async () => {} },
  );
  producer = await log.transactor('s');
}

async function reopened(): Promise<void> {
  await log.close();
  await open();
  await join();
}

async function append(key: string, value: string, time: number): Promise<void> {
  const batch = batchOf(plain(key, value, time));
  await producer.commit(
    { appends: [{ topic: 't', partition: 0, batch, records: 1 }], positions: [] },
    member,
  );
}

async function offsets(): Promise<number[]> {
  const limits = { maxBytes: 1e9, maxBytesPerPartition: 1e9 };
  const [found] = await log.fetch([{ topic: 't', partition: 0, offset: 0 }], limits);
  return found!.batches.flatMap(recordsOf).map((record) => record.offset);
}

/** Steps until nothing is left to do, and how many they were. */
async function maintain(nowMs: number): Promise<number> {
  let steps = 0;
  while (await log.maintain(nowMs)) steps++;
  return steps;
}

describe('maintain', () => {
  test('compacts in steps', async () => {
    await filled({ cleanup: 'compact', retention: 'forever' });
    expect(await maintain(0)).toBe(6);
    expect(await offsets()).toEqual([597, 598, 599]);
    await log.close();
  });

  test('begins a pass again that a restart interrupted', async () => {
    await filled({ cleanup: 'compact', retention: 'forever' });
    for (let step = 0; step < 4; step++) expect(await log.maintain(0)).toBe(true);
    expect((await offsets()).length).toBeLessThan(many);
    await log.close();
    await open();
    await maintain(0);
    expect(await offsets()).toEqual([597, 598, 599]);
    await log.close();
  });

  test('takes records that come during a pass for the next one', async () => {
    await filled({ cleanup: 'compact', retention: 'forever' });
    for (let step = 0; step < 3; step++) expect(await log.maintain(0)).toBe(true);
    await append('k0', 'last', 0);
    await maintain(0);
    expect(await offsets()).toEqual([597, 598, 599, 600]);
    for (let i = 0; i < 9; i++) await append('k0', 'more', 0);
    await maintain(0);
    expect(await offsets()).toEqual([598, 599, 609]);
    await log.close();
  });

  test('gives a pass up when the topic is not compacted any more', async () => {
    await filled({ cleanup: 'compact', retention: 'forever' });
    for (let step = 0; step < 3; step++) expect(await log.maintain(0)).toBe(true);
    await log.admin.alter('t', { cleanup: 'delete' });
    await maintain(0);
    expect(await offsets()).toHaveLength(many);
    await log.close();
  });

  test('drops old records in steps', async () => {
    await filled({ cleanup: 'delete', retention: 100 });
    expect(await maintain(100 + many - 10)).toBe(3);
    expect(await offsets()).toEqual(Array.from({ length: 10 }, (_, i) => many - 10 + i));
    await log.close();
  });
});

describe('deleteRecords and delete', () => {
  test('take as many batches as there are', async () => {
    await filled({ cleanup: 'delete', retention: 'forever' });
    await log.admin.deleteRecords([{ topic: 't', partition: 0, offset: many - 1 }]);
    expect(await offsets()).toEqual([many - 1]);
    expect((await log.admin.describe('t'))!.bytes).toEqual([
      batchOf(plain('k2', 'v599', 599)).length,
    ]);
    await log.admin.delete('t');
    expect(await log.maintain(0)).toBe(false);
    await log.close();
  });

  test('let the pages of the file be used again', async () => {
    await filled({ cleanup: 'delete', retention: 'forever' });
    const file = dataFile(dataLayout(folder).records);
    const value = 'x'.repeat(100_000);
    const round = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await append('k', value, 0);
      const [ends] = await log.ends([{ topic: 't', partition: 0 }]);
      await log.admin.deleteRecords([{ topic: 't', partition: 0, offset: ends!.end }]);
      // Pages that were freed since the last flush are still part of what a crash goes back to.
      await reopened();
    };
    for (let i = 0; i < 3; i++) await round();
    const { size } = statSync(file);
    for (let i = 0; i < 10; i++) await round();
    expect(statSync(file).size).toBeLessThan(size * 1.2);
    await log.close();
  });
});
