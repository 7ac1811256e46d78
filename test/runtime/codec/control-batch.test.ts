import { describe, expect, test } from 'vitest';
import { batchAttributes, batchLayout } from '../../../runtime/codec/batch-header.ts';
import { sealBatch } from '../../../runtime/codec/batch-seal.ts';
import { readEndMarker } from '../../../runtime/codec/control-batch.ts';
import { batchOf, plain } from './records.ts';

/** A control batch with this key; the value is version 0 and coordinator epoch 5. */
function control(key: string | null): Buffer {
  const batch = batchOf({
    ...plain(null, null, 1_000),
    key: key === null ? null : Buffer.from(key, 'hex'),
    value: Buffer.from('000000000005', 'hex'),
  });
  batch.writeInt16BE(
    batchAttributes.control | batchAttributes.transactional,
    batchLayout.attributes,
  );
  sealBatch(batch);
  return batch;
}

describe('readEndMarker', () => {
  test.each([
    ['00000001', 'commit'],
    ['00000000', 'abort'],
    ['00010001', 'commit'],
    ['0001000000ff', 'abort'],
    ['00000002', undefined],
    ['00000003', undefined],
    ['00000006', undefined],
  ])('of a control batch with key %s is %s', (key, marker) => {
    expect(readEndMarker(control(key))).toBe(marker);
  });

  test('of a record that looks like a marker is undefined', () => {
    const batch = batchOf({ ...plain(null, null), key: Buffer.from([0, 0, 0, 0]) });
    expect(readEndMarker(batch)).toBeUndefined();
  });

  test('of a control batch that was cleaned is undefined', () => {
    const batch = control('00000001').subarray(0, batchLayout.records);
    batch.writeInt32BE(batch.length - batchLayout.leaderEpoch, batchLayout.length);
    batch.writeInt32BE(0, batchLayout.count);
    sealBatch(batch);
    expect(readEndMarker(batch)).toBeUndefined();
  });

  test.each([null, '', '000000'])('refuses the key %j', (key) => {
    expect(() => readEndMarker(control(key))).toThrow('has a marker without a type');
  });

  test('refuses a negative version', () => {
    expect(() => readEndMarker(control('ffff0001'))).toThrow('has a marker of a negative version');
  });

  test('checks the CRC', () => {
    const batch = control('00000001');
    batch[batch.length - 1]! ^= 1;
    expect(() => readEndMarker(batch)).toThrow('does not match its checksum');
  });
});
