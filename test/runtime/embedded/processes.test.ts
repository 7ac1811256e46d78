import { afterEach, describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { Ownership } from '../../../runtime/ports.ts';
import { recordsOf } from '../codec/records.ts';
import { realClock } from '../log-harness.ts';
import { Child } from './child/process.ts';
import { testFolders } from './folders.ts';
import { randomOf } from './random.ts';

const newFolder = testFolders();
const children: Child[] = [];

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
});

function writer(folder: string, group: string, sync: string, count: number, prefix = ''): Child {
  const child = new Child('./writer.ts', [folder, group, sync, String(count)], prefix);
  children.push(child);
  return child;
}

const quiet: Ownership = {
  assigned: async () => {},
  revoked: async () => {},
  lost: async () => {},
};

const lots = 1_000_000;

/** Everything in a partition: `application number`, checked to be without gaps. */
async function everything(log: EmbeddedLog, partition: number): Promise<string[]> {
  const limits = { maxBytes: 1e9, maxBytesPerPartition: 1e9 };
  const [found] = await log.fetch([{ topic: 't', partition, offset: 0 }], limits);
  const records = found!.batches.flatMap(recordsOf);
  expect(records.map((it) => it.offset)).toEqual(records.map((_, i) => i));
  return records.map((it) => `${it.key!.toString()} ${it.value!.toString().replaceAll('.', '')}`);
}

describe('several processes on one folder', () => {
  test('work at once, one per application, and lose nothing of each other', async () => {
    const folder = newFolder();
    const groups = ['a', 'b', 'c'];
    const writers = groups.map((group) => writer(folder, group, 'interval', 200));
    await Promise.all(writers.map((it) => it.line('done')));
    const log = await openEmbeddedLog({ folder, clock: realClock });
    for (const partition of [0, 1]) {
      const found = await everything(log, partition);
      expect(found).toHaveLength(600);
      for (const group of groups) {
        const own = found.filter((it) => it.startsWith(group));
        expect(own).toEqual(Array.from({ length: 200 }, (_, n) => `${group} ${n}`));
      }
    }
    await log.close();
  });

  test('lose nothing of one that writes while others open and close the log', async () => {
    const folder = newFolder();
    const busy = writer(folder, 'a', 'never', 3000);
    await busy.line('acked 0');
    const working = new AbortController();
    void busy.line('done').then(() => working.abort());
    while (!working.signal.aborted) {
      await (await openEmbeddedLog({ folder, clock: realClock })).close();
    }
    const log = await openEmbeddedLog({ folder, clock: realClock });
    expect(await everything(log, 0)).toEqual(Array.from({ length: 3000 }, (_, n) => `a ${n}`));
    await log.close();
  });

  test('see each other’s records without being woken', async () => {
    const folder = newFolder();
    const log = await openEmbeddedLog({ folder, clock: realClock });
    await log.admin.create({ name: 't', partitions: 2, cleanup: 'delete', retention: 'forever' });
    const here = [{ topic: 't', partition: 0, offset: 0 }];
    const waiting = log.awaitRecords(here, 60_000, new AbortController().signal);
    writer(folder, 'a', 'commit', 1);
    await waiting;
    expect(await log.ends(here)).toMatchObject([{ end: 1 }]);
    await log.close();
  });

  test('refuse a second owner of an application, naming the first', async () => {
    const folder = newFolder();
    const first = writer(folder, 'shop', 'commit', lots);
    const pid = (await first.line('joined')).split(' ')[1];
    const second = writer(folder, 'shop', 'commit', 1);
    const failed = await second.line('failed');
    expect(failed.replace(/\d{4}-.*Z/, 'TIME')).toBe(
      'failed ConfigError APPLICATION_OWNED application "shop" already runs on this log: ' +
        `process ${pid} has it since TIME. Stop it, or give this one another application name`,
    );
    await first.line('acked 10');
  });

  test('let the next owner in at once when the first was killed', async () => {
    const folder = newFolder();
    const first = writer(folder, 'shop', 'commit', lots);
    await first.line('acked 3');
    await first.kill();
    const log = await openEmbeddedLog({ folder, clock: realClock });
    const member = await log.join({ group: 'shop', topics: ['t'], slot: 's' }, quiet);
    expect(member.generation).toBe(2);
    await log.close();
  });
});

describe('a killed process', () => {
  test.each(['commit', 'interval', 'never'])(
    'loses nothing acknowledged and leaves nothing half (sync: %s)',
    async (sync) => {
      const folder = newFolder();
      const random = randomOf(7);
      let acked = -1;
      for (let life = 0; life < 4; life++) {
        const child = writer(folder, 'shop', sync, lots);
        await child.line(`acked ${acked + 1 + Math.floor(random() * 30)}`);
        await child.kill();
        const last = child.said.filter((line) => line.startsWith('acked')).at(-1)!;
        acked = Number(last.split(' ')[1]);
        const log = await openEmbeddedLog({ folder, clock: realClock });
        const found = await everything(log, 0);
        expect(found).toEqual(Array.from({ length: found.length }, (_, n) => `shop ${n}`));
        expect(found.length).toBeGreaterThan(acked);
        expect(found.length).toBeLessThanOrEqual(acked + 2);
        expect(await everything(log, 1)).toEqual(found);
        const here = [{ topic: 't', partition: 0 }];
        expect(await log.committed('shop', here)).toMatchObject([{ offset: found.length }]);
        acked = found.length - 1;
        await log.close();
      }
    },
  );
});

describe('a full disk', () => {
  test('refuses the transaction and keeps all before it', async () => {
    const folder = newFolder();
    // The limit is in blocks of 512 bytes.
    const child = new Child(
      './writer.ts',
      [folder, 'shop', 'commit', String(lots), '20000'],
      'ulimit -f 4096; ',
    );
    children.push(child);
    const failed = await child.line('failed');
    expect(failed).toContain('failed StorageError LOG_FULL the disk of the log in');
    expect(failed).toContain('nothing of this transaction was stored, all before it is safe');
    const acked = child.said.filter((line) => line.startsWith('acked')).length;
    expect(acked).toBeGreaterThan(10);
    const log = await openEmbeddedLog({ folder, clock: realClock });
    expect(await everything(log, 0)).toHaveLength(acked);
    expect(await everything(log, 1)).toHaveLength(acked);
    await log.close();
  });
});
