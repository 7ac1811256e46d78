import { describe, expect, test } from 'vitest';
import { compressBatch, decompressBatch } from '../../../runtime/codec/batch-compression.ts';
import { RecordBatchReader } from '../../../runtime/codec/batch-reader.ts';
import { forEachBatch, ownBatches } from '../../../runtime/codec/fetched-batches.ts';
import { PartitionQueue } from '../../../runtime/task/partition-queue.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import { isFree } from './memory.ts';
import { batchOf, plain, recordsOf } from './records.ts';

const batch = batchOf({ ...plain('key', 'v'.repeat(100)), headers: [['h', Buffer.from('x')]] });

/** What `use` keeps of a batch in a response of a megabyte, and the response's memory. */
function keep<T>(sent: Buffer, use: (batch: Buffer) => T): { kept: T; response: WeakRef<object> } {
  const records = Buffer.allocUnsafeSlow(1024 * 1024);
  sent.copy(records);
  const kept: T[] = [];
  forEachBatch(records.subarray(0, sent.length), (it) => kept.push(use(it)));
  return { kept: kept[0] as T, response: new WeakRef(records.buffer) };
}

const readAndClose = (it: Buffer): RecordBatchReader => {
  const reader = new RecordBatchReader();
  reader.open(it);
  while (reader.next()) reader.headers();
  reader.close();
  return reader;
};

describe('a response stays in memory', () => {
  test.each([
    ['a view of it', (it: Buffer): unknown => it],
    ['a view of a view', (it: Buffer): unknown => it.subarray(70, 75)],
    ['an uncompressed batch that was "decompressed"', (it: Buffer): unknown => decompressBatch(it)],
  ])('as long as %s', async (_, use) => {
    const { kept, response } = keep(batch, use);
    expect(await isFree(response)).toBe(false);
    expect(kept).toBeDefined();
  });

  test.each([
    ['records', batch, recordsOf],
    ['an own batch', batch, (it) => ownBatches([it])],
    ['a batch that was decompressed', compressBatch(batch, 'zstd'), (it) => decompressBatch(it)],
    ['a closed reader', batch, readAndClose],
  ] as readonly (readonly [string, Buffer, (it: Buffer) => unknown])[])(
    'not because of %s',
    async (_, sent, use) => {
      const { kept, response } = keep(sent, use);
      expect(await isFree(response)).toBe(true);
      expect(kept).toBeDefined();
    },
  );

  test.each(['taken', 'reset'])('not because of a queue whose records were %s', async (how) => {
    const queue = new PartitionQueue('t', 0, 0, (reader, topic, partition) => {
      return new StreamRecord(null, reader.value(), 0, [], topic, partition, reader.offset);
    });
    const { response } = keep(batch, (it) => {
      queue.add({
        topic: 't',
        partition: 0,
        batches: [it],
        nextOffset: 1,
        startOffset: 0,
        endOffset: 1,
      });
      if (queue.headTime() === 0 && how === 'taken') queue.take();
      if (how === 'reset') return queue.reset(0);
      queue.settlePosition();
      queue.release();
    });
    expect(await isFree(response)).toBe(true);
    expect(queue.bufferedBytes).toBe(0);
  });
});
