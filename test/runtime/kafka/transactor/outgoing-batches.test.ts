import { describe, expect, test } from 'vitest';
import { batchCompressionId } from '../../../../runtime/codec/batch-header.ts';
import { outgoingBatches } from '../../../../runtime/kafka/transactor/outgoing-batches.ts';
import { batchOf, plain } from '../../codec/records.ts';

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
