import { beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { SyncMode } from '../../../runtime/embedded/durability.ts';
import { dataLayout } from '../../../runtime/embedded/layout.ts';
import { latestMark } from '../../../runtime/embedded/mark-file.ts';
import { batchOf, plain } from '../codec/records.ts';
import { testFolders } from './folders.ts';
import { HandClock } from './hand-clock.ts';

const newFolder = testFolders();

let folder: string;
let clock: HandClock;

beforeEach(() => {
  folder = newFolder();
  clock = new HandClock();
});

async function writer(
  sync: SyncMode,
): Promise<{ log: EmbeddedLog; append: () => Promise<unknown> }> {
  const log = await openEmbeddedLog({ folder, clock, sync });
  await log.admin.create({ name: 't', partitions: 1, cleanup: 'delete', retention: 'forever' });
  const member = await log.join(
    { group: 'g', topics: ['t'], slot: 's' },
    { assigned: async () => {}, revoked: async () => {}, lost: async () => {} },
  );
  const producer = await log.transactor('s');
  const append = (): Promise<unknown> => {
    const batch = batchOf(plain('a', '1'));
    const appends = [{ topic: 't', partition: 0, batch, records: 1 }];
    return producer.commit({ appends, positions: [] }, member);
  };
  return { log, append };
}

const marked = (): number => latestMark(dataLayout(folder).marks)!.transaction;

/** Waits until something is marked behind `before`. */
async function markBehind(before: number): Promise<void> {
  while (marked() <= before) await new Promise((resolve) => setImmediate(resolve));
}

describe('sync', () => {
  test('commit: is on disk when it is acknowledged', async () => {
    const { log, append } = await writer('commit');
    await append();
    const before = marked();
    await append();
    expect(marked()).toBe(before + 1);
    await log.close();
  });

  test.each<[SyncMode, number]>([
    ['interval', 200],
    ['never', 30_000],
  ])('%s: is flushed %d ms later', async (sync, delayMs) => {
    const { log, append } = await writer(sync);
    clock.moveTo(delayMs);
    await markBehind(1);
    const before = marked();
    await append();
    clock.moveTo(2 * delayMs - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(marked()).toBe(before);
    clock.moveTo(2 * delayMs);
    await markBehind(before);
    await log.close();
  });

  test.each<SyncMode>(['interval', 'never'])('%s: is flushed by a close', async (sync) => {
    const { log, append } = await writer(sync);
    await append();
    await log.close();
    const closed = marked();
    const again = await openEmbeddedLog({ folder, clock, sync });
    expect(marked()).toBe(closed);
    await again.close();
  });
});

describe('a process that only reads', () => {
  test('moves its mark on every 30 s, so that others can use freed pages again', async () => {
    const reader = await openEmbeddedLog({ folder, clock });
    const { log, append } = await writer('never');
    await append();
    const before = marked();
    const read = () =>
      reader.fetch([{ topic: 't', partition: 0, offset: 0 }], {
        maxBytes: 1,
        maxBytesPerPartition: 1,
      });
    // The writer's own flush is due after 30 s of time that does not pass for it here.
    await read();
    expect(marked()).toBe(before);
    clock.skipTo(30_000);
    await read();
    await markBehind(before);
    await log.close();
    await reader.close();
  });
});
