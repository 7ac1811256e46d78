import { describe, expect, test } from 'vitest';
import { compressBatch } from '../../../../runtime/codec/batch-compression.ts';
import { assignBaseOffset } from '../../../../runtime/codec/batch-header.ts';
import { committedRecords } from '../../../../runtime/kafka/fetch/committed-records.ts';
import { batchOf, plain, recordsOf } from '../../codec/records.ts';
import { ModelPartition } from '../model-partition.ts';

const position = { topic: 't', partition: 3, offset: 0 };

function response(log: ModelPartition, offset = 0, logStartOffset = 0) {
  const { records, aborted } = log.fetch(offset, 1e9);
  return {
    lastStableOffset: log.lastStableOffset,
    logStartOffset,
    abortedTransactions: aborted,
    records,
  };
}

describe('committedRecords', () => {
  test('gives batches without aborted ones and markers, and the position behind them', () => {
    const log = new ModelPartition();
    log.append(1, plain('k', 'bad'));
    log.append(2, plain('k', 'good'));
    log.finish(2, 'commit');
    log.finish(1, 'abort');
    log.append(3, plain('k', 'open'));
    const found = committedRecords(position, response(log));
    expect(found).toMatchObject({ ...position, nextOffset: 4, startOffset: 0, endOffset: 4 });
    expect(found.batches.flatMap(recordsOf).map(({ offset }) => offset)).toEqual([1]);
  });

  test('gives nothing of an empty answer', () => {
    const empty = {
      lastStableOffset: 9,
      logStartOffset: 2,
      abortedTransactions: null,
      records: null,
    };
    expect(committedRecords({ ...position, offset: 9 }, empty)).toEqual({
      ...position,
      offset: 9,
      batches: [],
      nextOffset: 9,
      startOffset: 2,
      endOffset: 9,
    });
  });

  test('never goes back when the answer begins with batches before the position', () => {
    const log = new ModelPartition();
    log.append(-1, plain('a', '1'), plain('b', '2'));
    log.append(-1, plain('c', '3'));
    const found = committedRecords({ ...position, offset: 2 }, response(log, 0));
    expect(found.batches).toHaveLength(1);
    expect(found.nextOffset).toBe(3);
  });

  test('leaves out records that were deleted from the beginning of a batch', () => {
    const log = new ModelPartition();
    log.append(-1, plain('a', '1'), plain('b', '2'), plain('c', '3'));
    const { batches } = committedRecords({ ...position, offset: 1 }, response(log, 0, 1));
    expect(batches.flatMap(recordsOf).map(({ offset }) => offset)).toEqual([1, 2]);
  });

  test('decompresses', () => {
    const batch = compressBatch(batchOf(plain('a', '1'.repeat(200))), 'lz4');
    assignBaseOffset(batch, 7);
    const found = committedRecords(position, {
      lastStableOffset: 8,
      logStartOffset: 0,
      abortedTransactions: [],
      records: batch,
    });
    expect(found.batches.flatMap(recordsOf)).toMatchObject([{ offset: 7 }]);
  });

  test('keeps no response of other partitions in memory', () => {
    const log = new ModelPartition();
    log.append(-1, plain('a', '1'));
    const answer = response(log);
    const whole = Buffer.alloc(1024 * 1024);
    const records = whole.subarray(100, 100 + answer.records.copy(whole, 100));
    const { batches } = committedRecords(position, { ...answer, records });
    expect(batches.flatMap(recordsOf)).toMatchObject([{ offset: 0 }]);
    expect(batches[0]!.buffer.byteLength).toBe(records.length);
  });

  test('names partition and position of a damaged batch', () => {
    const log = new ModelPartition();
    log.append(-1, plain('a', '1'));
    log.append(-1, plain('b', '2'));
    const bytes = response(log);
    bytes.records.writeUInt8(0xff, bytes.records.length - 2);
    expect(() => committedRecords(position, bytes)).toThrowError(
      expect.objectContaining({
        name: 'StorageError',
        code: 'LOG_CORRUPT',
        message: expect.stringContaining('t-3 cannot be read after 1: ') as string,
        place: { topic: 't', partition: 3, offset: 1 },
      }) as Error,
    );
  });
});
