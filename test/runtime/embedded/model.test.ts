import { describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import type { Log, Membership, Transactor } from '../../../runtime/ports.ts';
import { batchOf, plain, recordsOf } from '../codec/records.ts';
import { realClock } from '../log-harness.ts';
import { randomBudget } from '../mapped/budgets.ts';
import { testFolders } from './folders.ts';
import { randomOf } from './random.ts';

const newFolder = testFolders();

const topics = [
  { name: 'plain', partitions: 2, cleanup: 'delete', retention: 5_000 },
  { name: 'table', partitions: 2, cleanup: 'compact', retention: 'forever' },
] as const;

async function joined(log: Log): Promise<{ member: Membership; producer: Transactor }> {
  for (const topic of topics) await log.admin.create(topic);
  const member = await log.join(
    { group: 'g', topics: ['plain', 'table'], slot: 's' },
    { assigned: async () => {}, revoked: async () => {}, lost: async () => {} },
  );
  return { member, producer: await log.transactor('s') };
}

/** All that one can see of a log, by fetches of one batch. */
async function visible(log: Log): Promise<unknown> {
  const seen: unknown[] = [await log.admin.list()];
  for (const { name: topic, partitions } of topics) {
    for (let partition = 0; partition < partitions; partition++) {
      const [ends] = await log.ends([{ topic, partition }], 'committed');
      // Each log names its topics in its own way.
      seen.push({ ...ends, topicId: undefined });
      for (let offset = 0; offset < ends!.end;) {
        const limits = { maxBytes: 1, maxBytesPerPartition: 1 };
        const [found] = await log.fetch([{ topic, partition, offset }], limits);
        for (const record of found!.batches.flatMap(recordsOf)) {
          seen.push([record.offset, record.time, record.key?.toString(), record.value?.toString()]);
        }
        expect(found!.nextOffset).toBeGreaterThan(offset);
        offset = found!.nextOffset;
      }
    }
  }
  return seen;
}

describe('EmbeddedLog', () => {
  test.each([1, 2, 3, 4, 5])(
    'shows what a log in memory shows after appends, deletes, retention, compaction (seed %d)',
    async (seed) => {
      const random = randomOf(seed);
      const below = (n: number): number => Math.floor(random() * n);
      const options = {
        clock: realClock,
        compaction: { minDirtyBytes: 1, minDirtyRatio: 0.3, deleteRetentionMs: 2_000 },
      };
      const folder = newFolder();
      const onFolder = { ...options, folder, sync: 'never', budget: randomBudget(random) } as const;
      const memory = new MemoryLog(options);
      let embedded = await openEmbeddedLog(onFolder);
      const inMemory = await joined(memory);
      let onDisk = await joined(embedded);
      let now = 0;
      for (let step = 0; step < 120; step++) {
        now += below(300);
        const { name: topic } = topics[below(2)]!;
        const partition = below(2);
        const what = random();
        if (what < 0.7) {
          const batch = batchOf(
            ...Array.from({ length: 1 + below(6) }, () => {
              const key = random() < 0.1 ? null : `k${below(12)}`;
              const value = random() < 0.25 ? null : `v${step}`.padEnd(below(6_000));
              return plain(key, value, now - below(1_000));
            }),
          );
          for (const { member, producer } of [inMemory, onDisk]) {
            const append = { topic, partition, batch: Buffer.from(batch), records: 1 };
            await producer.commit({ appends: [append], positions: [] }, member);
          }
        } else if (what < 0.75) {
          const [ends] = await memory.ends([{ topic, partition }]);
          const offset = ends!.start + below(ends!.end - ends!.start + 1);
          for (const log of [memory, embedded]) {
            await log.admin.deleteRecords([{ topic, partition, offset }]);
          }
        } else if (what < 0.95) {
          await memory.maintain(now);
          while (await embedded.maintain(now));
        } else {
          await embedded.close();
          embedded = await openEmbeddedLog(onFolder);
          onDisk = await joined(embedded);
        }
        if (step % 10 === 9) expect(await visible(embedded)).toEqual(await visible(memory));
      }
      await embedded.close();
    },
  );
});
