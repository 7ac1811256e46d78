import { describe, expect, test } from 'vitest';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import type { Ownership } from '../../../runtime/ports.ts';
import { batchOf, plain } from '../codec/records.ts';
import { describeLogContract } from '../log-contract.ts';
import { realClock } from '../log-harness.ts';

describeLogContract('MemoryLog', async (options) => new MemoryLog(options));

const quiet: Ownership = {
  assigned: async () => {},
  revoked: async () => {},
  lost: async () => {},
};

describe('MemoryLog', () => {
  async function opened() {
    const log = new MemoryLog({ clock: realClock });
    await log.admin.create({ name: 't', partitions: 1, cleanup: 'delete', retention: 'forever' });
    const options = { group: 'g', topics: ['t'], slot: 's' };
    return { log, options, transactor: await log.transactor('s') };
  }

  const transaction = () => ({
    appends: [{ topic: 't', partition: 0, batch: batchOf(plain('a', '1')), records: 1 }],
    positions: [],
  });

  test('fences the member before when the same slot joins again', async () => {
    const { log, options, transactor } = await opened();
    const first = await log.join(options, quiet);
    const second = await log.join(options, quiet);
    await expect(transactor.commit(transaction(), first)).rejects.toMatchObject({ code: 'FENCED' });
    expect(await transactor.commit(transaction(), second)).toEqual({ baseOffsets: [0] });
  });

  test('applies nothing when the hook rejects', async () => {
    const { log, options, transactor } = await opened();
    const member = await log.join(options, quiet);
    log.onCommit = async () => {
      throw new Error('no');
    };
    await expect(transactor.commit(transaction(), member)).rejects.toThrow('no');
    log.onCommit = undefined;
    expect(await transactor.commit(transaction(), member)).toEqual({ baseOffsets: [0] });
  });

  test('refuses a commit whose member was replaced while the hook held it', async () => {
    const { log, options, transactor } = await opened();
    const member = await log.join(options, quiet);
    const gate = Promise.withResolvers<void>();
    log.onCommit = () => gate.promise;
    const committing = transactor.commit(transaction(), member);
    await log.join(options, quiet);
    gate.resolve();
    await expect(committing).rejects.toMatchObject({ code: 'FENCED' });
    expect(await log.ends([{ topic: 't', partition: 0 }])).toMatchObject([{ end: 0 }]);
  });

  test('keeps its batches when the caller uses the buffer again', async () => {
    const { log, options, transactor } = await opened();
    const member = await log.join(options, quiet);
    const it = transaction();
    await transactor.commit(it, member);
    it.appends[0]!.batch.fill(0);
    const limits = { maxBytes: 1e6, maxBytesPerPartition: 1e6 };
    const [found] = await log.fetch([{ topic: 't', partition: 0, offset: 0 }], limits);
    expect(found!.batches[0]!.equals(transaction().appends[0]!.batch)).toBe(true);
  });
});
