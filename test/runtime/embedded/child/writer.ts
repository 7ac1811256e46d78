import { openEmbeddedLog } from '../../../../runtime/embedded/embedded-log.ts';
import type { SyncMode } from '../../../../runtime/embedded/durability.ts';
import { isStreamsError } from '../../../../topology/core/errors.ts';
import { batchOf, plain } from '../../codec/records.ts';
import { realClock } from '../../log-harness.ts';

/**
 * Joins as an application and commits transactions of one record to each of two partitions and its
 * position, printing `acked N` after each. Arguments: folder, application, sync, transactions,
 * bytes of a value.
 */
const [folder = '', group = '', sync = '', count = '', bytes = '10'] = process.argv.slice(2);
try {
  const log = await openEmbeddedLog({ folder, clock: realClock, sync: sync as SyncMode });
  const topic = { partitions: 2, cleanup: 'delete', retention: 'forever' } as const;
  await log.admin.create({ name: 't', ...topic });
  const member = await log.join(
    { group, topics: ['t'], slot: group },
    { assigned: async () => {}, revoked: async () => {}, lost: async () => {} },
  );
  const producer = await log.transactor(group);
  const [position] = await log.committed(group, [{ topic: 't', partition: 0 }]);
  console.log(`joined ${process.pid}`);
  const from = position?.offset ?? 0;
  for (let n = from; n < from + Number(count); n++) {
    const batch = (): Buffer => batchOf(plain(group, `${n}`.padEnd(Number(bytes), '.')));
    await producer.commit(
      {
        appends: [0, 1].map((partition) => ({ topic: 't', partition, batch: batch(), records: 1 })),
        positions: [{ topic: 't', partition: 0, offset: n + 1 }],
      },
      member,
    );
    console.log(`acked ${n}`);
  }
  console.log('done');
  await log.close();
} catch (error) {
  if (!isStreamsError(error)) throw error;
  console.log(`failed ${error.name} ${error.code} ${error.message}`);
  process.exit(3);
}
