import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { Ownership } from '../../../runtime/ports.ts';
import { batchOf, plain } from '../codec/records.ts';
import { realClock } from '../log-harness.ts';

const ignore = async (): Promise<void> => {};
/** An ownership that does nothing. */
export const quiet: Ownership = { assigned: ignore, revoked: ignore, lost: ignore };

const partitions = 2;
const unlimited = { maxBytes: Infinity, maxBytesPerPartition: Infinity };

/** Commits a batch of one record of each size to each partition, so many sizes a transaction. */
async function commitAll(
  log: EmbeddedLog,
  group: string,
  sizes: readonly number[],
  perTransaction: number,
): Promise<void> {
  const member = await log.join({ group, topics: ['t'], slot: group }, quiet);
  const producer = await log.transactor(group);
  for (let from = 0; from < sizes.length; from += perTransaction) {
    const appends = sizes.slice(from, from + perTransaction).flatMap((bytes) =>
      Array.from({ length: partitions }, (_, partition) => ({
        topic: 't',
        partition,
        batch: batchOf(plain(`key-${bytes}`, 'v'.repeat(bytes))),
        records: 1,
      })),
    );
    const positions = [{ topic: 't', partition: 0, offset: from }];
    await producer.commit({ appends, positions }, member);
  }
  await member.leave();
}

/**
 * Makes a closed log whose trees have inner pages, values with pages of their own, and free pages.
 */
export async function fillSample(folder: string): Promise<void> {
  const log = await openEmbeddedLog({ folder, clock: realClock, sync: 'commit' });
  const spec = { partitions, cleanup: 'delete', retention: 'forever' } as const;
  await log.admin.create({ name: 't', ...spec });
  for (let i = 0; i < 20; i++) await log.admin.create({ name: `other-${i}`, ...spec });
  const sizes = Array.from({ length: 260 }, (_, i) => (i % 20 === 0 ? 9_000 : 100 + i));
  await commitAll(log, 'g', sizes, 4);
  const deleted = Array.from({ length: partitions }, (_, partition) => partition);
  await log.admin.deleteRecords(
    deleted.map((partition) => ({ topic: 't', partition, offset: 60 })),
  );
  while (await log.maintain());
  await log.close();
}

/** Reads all that {@link fillSample} wrote and checks that it is whole. */
export async function readSample(log: EmbeddedLog): Promise<void> {
  const ends = await log.ends([0, 1].map((partition) => ({ topic: 't', partition })));
  for (const { partition, start, end } of ends) {
    let offset = start;
    while (offset < end) {
      const position = { topic: 't', partition, offset };
      const [found] = await log.fetch([position], unlimited);
      if (found === undefined || found.nextOffset <= offset) {
        throw new Error(`t-${partition} cannot be read from ${offset} on, and ends at ${end}`);
      }
      offset = found.nextOffset;
    }
  }
}

/** Writes to it as an application would, over pages that are free. */
export async function extendSample(log: EmbeddedLog): Promise<void> {
  const sizes = Array.from({ length: 40 }, (_, i) => i * 300);
  await commitAll(log, 'h', sizes, 40);
}
