import { describe, expect, test } from 'vitest';
import { assignBaseOffset } from '../../../../runtime/codec/batch-header.ts';
import type { CommittedRecords } from '../../../../runtime/kafka/fetch/committed-records.ts';
import { KeptRecords } from '../../../../runtime/kafka/fetch/kept-records.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';
import { batchOf, plain } from '../../codec/records.ts';

const clock = new ManualClock();
const size = batchOf(plain('k', 'v')).length;

/** Batches of one record each, from an offset on. */
function records(topic: string, offset: number, count: number): CommittedRecords {
  const batches = Array.from({ length: count }, (_, i) => {
    const batch = batchOf(plain('k', 'v'));
    assignBaseOffset(batch, offset + i);
    return batch;
  });
  const nextOffset = offset + count + 1;
  return { topic, partition: 0, offset, batches, nextOffset, startOffset: 0, endOffset: 100 };
}

function at(topic: string, offset: number) {
  return { topic, partition: 0, offset };
}

describe('KeptRecords', () => {
  test('gives what is kept at its very position, once', () => {
    const kept = new KeptRecords(1e6, clock);
    kept.keep(records('t', 5, 2));
    expect(kept.has(at('t', 5))).toBe(true);
    const found = kept.take(at('t', 5), 1e6);
    expect(found).toMatchObject({ topic: 't', nextOffset: 8, startOffset: 0, endOffset: 100 });
    expect(found!.batches).toHaveLength(2);
    expect(kept.take(at('t', 5), 1e6)).toBeUndefined();
    expect(kept.size).toBe(0);
  });

  test.each([4, 6])('discards what is kept at 5 when %i is asked for', (offset) => {
    const kept = new KeptRecords(1e6, clock);
    kept.keep(records('t', 5, 2));
    expect(kept.has(at('t', offset))).toBe(false);
    expect(kept.take(at('t', offset), 1e6)).toBeUndefined();
    expect(kept.has(at('t', 5))).toBe(false);
    expect(kept.size).toBe(0);
  });

  test('gives up to the batch that reaches the limit, and keeps the rest', () => {
    const kept = new KeptRecords(1e6, clock);
    kept.keep(records('t', 5, 4));
    expect(kept.take(at('t', 5), size + 1)).toMatchObject({ nextOffset: 7 });
    expect(kept.size).toBe(2 * size);
    expect(kept.take(at('t', 7), size)).toMatchObject({ nextOffset: 8 });
    expect(kept.take(at('t', 8), 0)).toMatchObject({ nextOffset: 10 });
  });

  test('gives a later position alone where there are no records before it', () => {
    const kept = new KeptRecords(1e6, clock);
    kept.keep(records('t', 5, 0));
    expect(kept.has(at('t', 5))).toBe(true);
    expect(kept.take(at('t', 5), 1e6)).toMatchObject({ batches: [], nextOffset: 6 });
  });

  test('drops the oldest beyond its size, never the newest', () => {
    const kept = new KeptRecords(3 * size, clock);
    kept.keep(records('a', 0, 1));
    kept.keep(records('b', 0, 1));
    kept.keep(records('c', 0, 2));
    expect([kept.has(at('a', 0)), kept.has(at('b', 0)), kept.has(at('c', 0))]).toEqual([
      false,
      true,
      true,
    ]);
    kept.keep(records('d', 0, 9));
    expect(kept.has(at('d', 0))).toBe(true);
    expect(kept.size).toBe(9 * size);
  });

  test('drops what nobody asked for in a minute when other records come', () => {
    const time = new ManualClock();
    const kept = new KeptRecords(1e6, time);
    kept.keep(records('gone', 0, 1));
    time.advanceTo(1000);
    kept.keep(records('late', 0, 1));
    time.advanceTo(60_001);
    kept.keep(records('here', 0, 1));
    expect([kept.has(at('gone', 0)), kept.has(at('late', 0)), kept.size]).toEqual([
      false,
      true,
      2 * size,
    ]);
  });
});
