import { describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../../runtime/codec/batch-builder.ts';
import { checkBatch } from '../../../runtime/codec/batch-check.ts';
import {
  batchLayout,
  batchProducerId,
  isControlBatch,
  isTransactionalBatch,
} from '../../../runtime/codec/batch-header.ts';
import { sealBatch } from '../../../runtime/codec/batch-seal.ts';
import { noHeaders } from '../../../topology/core/record.ts';
import { batchOf, plain, recordsOf } from './records.ts';

const producer = {
  producerId: 5_000_000_001,
  epoch: 32_767,
  baseSequence: 2_147_483_647,
  transactional: true,
};

describe('sealBatch', () => {
  test('sets the fields of a producer and a CRC that covers them', () => {
    const batch = batchOf(plain('k', 'v'));
    sealBatch(batch, producer);
    expect(() => checkBatch(batch)).not.toThrow();
    expect(isTransactionalBatch(batch)).toBe(true);
    expect(isControlBatch(batch)).toBe(false);
    expect(batchProducerId(batch)).toBe(5_000_000_001);
    expect(batch.readInt16BE(batchLayout.producerEpoch)).toBe(32_767);
    expect(batch.readInt32BE(batchLayout.baseSequence)).toBe(2_147_483_647);
    expect(recordsOf(batch)).toEqual([{ ...plain('k', 'v'), offset: 0 }]);
  });

  test('keeps compression and time type', () => {
    const batch = batchOf(plain('k', 'v'));
    batch.writeInt16BE(0x0c, batchLayout.attributes);
    sealBatch(batch, producer);
    expect(batch.readInt16BE(batchLayout.attributes)).toBe(0x1c);
  });

  test('seals again for another epoch, sequence and no transaction', () => {
    const batch = batchOf(plain('k', 'v'));
    sealBatch(batch, producer);
    sealBatch(batch, { producerId: 7, epoch: 1, baseSequence: 0, transactional: false });
    const fresh = batchOf(plain('k', 'v'));
    sealBatch(fresh, { producerId: 7, epoch: 1, baseSequence: 0, transactional: false });
    expect(batch.equals(fresh)).toBe(true);
    expect(isTransactionalBatch(batch)).toBe(false);
  });

  test('completes a batch that the builder left unsealed', () => {
    const builder = new RecordBatchBuilder({ sealed: false });
    builder.appendPair(3, Buffer.from('k'), Buffer.from('v'), noHeaders);
    const batch = builder.finish();
    expect(batch.readUInt32BE(batchLayout.crc)).toBe(0);
    expect(() => checkBatch(batch)).toThrow('does not match its checksum');
    sealBatch(batch);
    expect(batch.equals(batchOf(plain('k', 'v', 3)))).toBe(true);
  });
});
