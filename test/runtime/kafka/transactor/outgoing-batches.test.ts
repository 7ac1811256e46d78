import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batchBaseOffset,
  batchCount,
  batchCompressionId,
} from '../../../../runtime/codec/batch-header.ts';
import {
  outgoingBatches,
  splitBatch,
} from '../../../../runtime/kafka/transactor/outgoing-batches.ts';
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

describe('outgoingBatches', () => {
  const append = (topic: string, partition: number, ...values: string[]) => ({
    topic,
    partition,
    batch: batchOf(...values.map((value) => plain('k', value))),
    records: values.length,
  });

  test('gathers appends by partition, in order, and remembers which is which', () => {
    const appends = [append('t', 0, 'a'), append('u', 0, 'b'), append('t', 0, 'c', 'd')];
    const outgoing = outgoingBatches(appends, () => 1e6, 'none');
    expect(
      outgoing.map(({ topic, partition, batches }) => ({
        topic,
        partition,
        batches: batches.map(({ append: index, records }) => [index, records]),
      })),
    ).toEqual([
      {
        topic: 't',
        partition: 0,
        batches: [
          [0, 1],
          [2, 2],
        ],
      },
      { topic: 'u', partition: 0, batches: [[1, 1]] },
    ]);
  });

  test('splits by the limit of the topic; later parts belong to no append', () => {
    const appends = [append('t', 0, 'a', 'b', 'c'), append('u', 0, 'd', 'e')];
    const outgoing = outgoingBatches(appends, (topic) => (topic === 't' ? 1 : 1e6), 'none');
    const kinds = outgoing.map(({ batches }) => batches.map(({ append: index }) => index));
    expect(kinds).toEqual([[0, undefined, undefined], [1]]);
  });

  test('compresses, and says how large a batch was before', () => {
    const one = append('t', 0, 'x'.repeat(1000));
    const [{ batches }] = outgoingBatches([one], () => 1e6, 'gzip') as [
      ReturnType<typeof outgoingBatches>[0],
    ];
    expect(batches[0]!.bytes).toBe(one.batch.length);
    expect(batches[0]!.batch.length).toBeLessThan(200);
    expect(batchCompressionId(batches[0]!.batch)).toBe(1);
  });
});
