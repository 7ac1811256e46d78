import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchBaseOffset, batchCount } from '../../../../runtime/codec/batch-header.ts';
import { splitBatch } from '../../../../runtime/kafka/transactor/split-batch.ts';
import { anyRecord, batchOf, plain, recordsOf } from '../../codec/records.ts';

describe('splitBatch', () => {
  test('leaves a batch that fits as it is', () => {
    const batch = batchOf(plain('a', '1'), plain('b', '2'));
    expect(splitBatch(batch, batch.length)).toEqual([batch]);
    expect(splitBatch(batch, batch.length)[0]).toBe(batch);
    expect(splitBatch(batch, batch.length - 1)).toHaveLength(2);
  });

  test('gives a record that is larger than the limit a batch of its own', () => {
    const batch = batchOf(plain('a', '1'), plain('b', 'x'.repeat(500)), plain('c', '3'));
    expect(splitBatch(batch, 100).map((it) => batchCount(it))).toEqual([1, 1, 1]);
  });

  test('keeps all records in order, each batch within the limit, whatever their times', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 2000 }),
        (records, maxBytes) => {
          const batch = batchOf(...records);
          const whole = recordsOf(batch).map((record) => ({ ...record, offset: 0 }));
          const parts = splitBatch(batch, maxBytes);
          expect(parts.flatMap(recordsOf).map((record) => ({ ...record, offset: 0 }))).toEqual(
            whole,
          );
          for (const part of parts) {
            expect(batchBaseOffset(part)).toBe(0);
            expect(part.length <= maxBytes || batchCount(part) === 1).toBe(true);
          }
        },
      ),
      { seed: 4 },
    );
  });
});
