import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlanOperator } from '../../../topology/plan/plan.ts';
import { Bench, compiled, long, rec, streamOf, text } from '../harness.ts';

const stream = streamOf(text, long);
type Dedupe = Extract<PlanOperator, { readonly kind: 'dedupe' }>;

function build(more: Partial<Dedupe> = {}, outputs: Readonly<Record<string, typeof stream>> = {}) {
  return compiled({ kind: 'dedupe', by: 'key', retentionMs: 100, ...more }, stream, stream, {
    stores: ['stage-seen'],
    outputs: { out: stream, ...outputs },
  });
}

describe('dedupe', () => {
  test('passes the first record of a key and counts its repeats', () => {
    const bench = new Bench();
    expect(bench.batch(build(), [rec('a', 1, 5), rec('a', 2, 6), rec('b', 1, 7)])).toEqual([
      ['out', 'a', 1, 5],
      ['out', 'b', 1, 7],
    ]);
    expect(bench.counted()).toEqual({ in: 3, out: 2, emitted: 2, duplicate: 1 });
  });

  test('goes by an expression where one is given', () => {
    const stage = build({ by: 'value' });
    expect(new Bench().batch(stage, [rec('a', 1, 5), rec('b', 1, 6), rec('b', 2, 7)])).toEqual([
      ['out', 'a', 1, 5],
      ['out', 'b', 2, 7],
    ]);
  });

  test('drops null keys and counts them', () => {
    const bench = new Bench();
    bench.batch(build(), [rec(null, 1, 5)]);
    expect(bench.counted()).toEqual({ in: 1, nullKey: 1 });
  });

  test('keeps a digest of 16 bytes of what it compares, and nothing where it compares nothing', () => {
    const bench = new Bench();
    bench.batch(build(), [rec('a', 1, 5)]);
    expect(bench.store('stage-seen').rows()).toEqual([['a', Buffer.alloc(0), 5]]);
    bench.batch(build({ compare: 'value' }), [rec('b', 1, 6)]);
    expect(bench.store('stage-seen').get('b')).toEqual(
      // The first 16 bytes of SHA-256 over "1".
      Buffer.from('6b86b273ff34fce19d6b804eff5a3f57', 'hex'),
    );
  });

  test('dead-letters a key that comes again with another body', () => {
    const bench = new Bench();
    const conflict = rec('a', 2, 6);
    const rows = bench.batch(build({ compare: 'value' }), [
      rec('a', 1, 5),
      conflict,
      rec('a', 1, 7),
    ]);
    expect(rows).toEqual([['out', 'a', 1, 5]]);
    expect(bench.deadLetters).toEqual([[conflict, 'stage "stage" has seen "a" with another body']]);
    expect(bench.counted()).toEqual({ in: 3, out: 1, emitted: 1, duplicate: 1, deadLettered: 1 });
  });

  test('drops such a conflict, counted as filtered, where the definition says so', () => {
    const bench = new Bench();
    bench.batch(build({ compare: 'value', conflict: 'drop' }), [rec('a', 1, 5), rec('a', 2, 6)]);
    expect(bench.counted()).toEqual({ in: 2, out: 1, emitted: 1, filtered: 1 });
  });

  test('sends such a conflict to an output of its own, which may be called anything', () => {
    const bench = new Bench();
    const stage = build({ compare: 'value', conflict: { out: 'first' } }, { first: stream });
    expect(bench.batch(stage, [rec('a', 1, 5), rec('a', 2, 6)])).toEqual([
      ['out', 'a', 1, 5],
      ['first', 'a', 2, 6],
    ]);
    expect(bench.counted()).toEqual({ in: 2, out: 2, emitted: 2 });
  });

  test.each([
    [99, 1],
    [100, 1],
    [101, 2],
  ])('passes %i ms of stream time later %i of two', (later, passed) => {
    const rows = new Bench().batch(build(), [
      rec('a', 1, 5),
      rec('b', 1, 5 + later),
      rec('a', 1, 0),
    ]);
    expect(rows.filter(([, key]) => key === 'a')).toHaveLength(passed);
  });

  test('remembers a late record as long as any other', () => {
    const bench = new Bench();
    const rows = bench.batch(build(), [rec('b', 1, 1000), rec('a', 1, 5), rec('a', 1, 5)]);
    expect(rows).toEqual([
      ['out', 'b', 1, 1000],
      ['out', 'a', 1, 5],
    ]);
  });

  test('passes nothing of what it passed, and does not depend on where batches end', () => {
    const input = fc.array(
      fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.integer({ min: 0, max: 2 }) }),
    );
    fc.assert(
      fc.property(input, fc.nat(20), (records, cut) => {
        const stage = build({ compare: 'value', conflict: 'drop' });
        const all = records.map(({ key, value }, time) => rec(key, value, time));
        const whole = new Bench();
        const once = whole.batch(stage, all);
        const again = whole.batch(stage, all);
        expect(again).toEqual([]);
        const parts = new Bench();
        const cutRows = [
          ...parts.batch(stage, all.slice(0, cut)),
          ...parts.batch(stage, all.slice(cut)),
        ];
        expect(cutRows).toEqual(once);
        expect(new Set(once.map(([, key]) => key)).size).toBe(once.length);
      }),
    );
  });
});
