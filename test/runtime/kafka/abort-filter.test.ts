import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchLastOffset } from '../../../runtime/codec/batch-header.ts';
import { forEachBatch } from '../../../runtime/codec/fetched-batches.ts';
import { AbortFilter } from '../../../runtime/kafka/abort-filter.ts';
import { plain, recordsOf } from '../codec/records.ts';
import { ModelPartition } from './model-partition.ts';

/** What a reader gets of one fetch, and the position after it. */
function fetchOnce(
  log: ModelPartition,
  offset: number,
  bytes: number,
): { values: (readonly [number, string])[]; next: number } {
  const { records, aborted } = log.fetch(offset, bytes);
  const filter = new AbortFilter(aborted);
  const values: (readonly [number, string])[] = [];
  let next = offset;
  forEachBatch(records, (batch) => {
    next = batchLastOffset(batch) + 1;
    if (!filter.admits(batch)) return;
    for (const record of recordsOf(batch)) {
      if (record.offset >= offset) values.push([record.offset, String(record.value)]);
    }
  });
  return { values, next };
}

const everything = 1e9;

describe('AbortFilter', () => {
  test('takes a record whose key is int32 0 for a record, not for a marker', () => {
    const log = new ModelPartition();
    log.append(1, plain('a', 'bad-1'));
    log.append(1, { ...plain(null, 'bad-2'), key: Buffer.alloc(4) });
    log.append(1, plain('a', 'bad-3'));
    log.finish(1, 'abort');
    log.append(-1, plain('a', 'good'));
    expect(fetchOnce(log, 0, everything).values).toEqual([[4, 'good']]);
  });

  test('knows all overlapping aborted transactions when the fetch begins amid them', () => {
    const log = new ModelPartition();
    for (const producer of [1, 2, 3]) log.append(producer, plain('k', `${producer}-1`));
    for (const producer of [1, 2, 3]) log.append(producer, plain('k', `${producer}-2`));
    for (const producer of [1, 2, 3]) log.finish(producer, 'abort');
    log.append(4, plain('k', 'good'));
    log.finish(4, 'commit');
    for (let offset = 0; offset <= 9; offset++) {
      expect(fetchOnce(log, offset, everything).values).toEqual([[9, 'good']]);
    }
  });

  test('keeps several aborted transactions of one producer apart', () => {
    const log = new ModelPartition();
    log.append(1, plain('k', 'bad-1'));
    log.finish(1, 'abort');
    log.append(1, plain('k', 'good-1'));
    log.finish(1, 'commit');
    log.append(1, plain('k', 'bad-2'));
    log.finish(1, 'abort');
    log.append(1, plain('k', 'good-2'));
    log.finish(1, 'commit');
    expect(fetchOnce(log, 0, everything).values).toEqual([
      [2, 'good-1'],
      [6, 'good-2'],
    ]);
  });

  test('drops what was aborted when the marker lies behind what was fetched', () => {
    const log = new ModelPartition();
    log.append(1, plain('k', 'bad-1'));
    log.append(1, plain('k', 'bad-2'));
    log.finish(1, 'abort');
    const first = fetchOnce(log, 0, 1);
    expect(first).toEqual({ values: [], next: 1 });
    expect(fetchOnce(log, first.next, 1)).toEqual({ values: [], next: 2 });
  });

  test('delivers what the producer wrote outside of a transaction meanwhile', () => {
    const log = new ModelPartition();
    log.append(1, plain('k', 'bad'));
    log.append(-1, plain('k', 'good'));
    log.finish(1, 'abort');
    expect(fetchOnce(log, 0, everything).values).toEqual([[1, 'good']]);
  });

  test('ends an aborted transaction at no commit marker', () => {
    // A commit marker of the same producer below its next, aborted, transaction; fetched in one go.
    const log = new ModelPartition();
    log.append(1, plain('k', 'good'));
    log.finish(1, 'commit');
    log.append(1, plain('k', 'bad'));
    log.finish(1, 'abort');
    expect(fetchOnce(log, 1, everything)).toEqual({ values: [], next: 4 });
  });

  test('gives exactly the committed records, however transactions and fetches interleave', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(fc.constant('append' as const), fc.integer({ min: -1, max: 3 })),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constant('commit' as const), fc.integer({ min: 0, max: 3 })),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constant('abort' as const), fc.integer({ min: 0, max: 3 })),
      },
    );
    const property = fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 3 }),
      (steps, sizes, perBatch) => {
        const log = new ModelPartition();
        steps.forEach(([what, producer], i) => {
          if (what === 'append') {
            const fake = i % 3 === 0 ? Buffer.alloc(4) : Buffer.from(`k${i}`);
            const records = Array.from({ length: perBatch }, (_, n) => ({
              ...plain(null, `${producer}/${i}/${n}`),
              key: fake,
            }));
            log.append(producer, ...records);
          } else log.finish(producer, what);
        });
        const stable = log.lastStableOffset;
        const expected = log.committed
          .filter(([offset]) => offset < stable)
          .toSorted(([a], [b]) => a - b);
        const seen: (readonly [number, string])[] = [];
        let offset = 0;
        for (let i = 0; offset < stable; i++) {
          const { values, next } = fetchOnce(log, offset, sizes[i % sizes.length] as number);
          expect(next).toBeGreaterThan(offset);
          seen.push(...values);
          offset = next;
        }
        expect(offset).toBe(stable);
        expect(seen).toEqual(expected);
      },
    );
    fc.assert(property, { numRuns: 300, seed: 4 });
  });
});
