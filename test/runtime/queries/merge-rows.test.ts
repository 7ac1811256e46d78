import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeRows, type OrderedRow } from '../../../runtime/queries/merge-rows.ts';

const row = (key: string, partition: number): OrderedRow => ({
  bytes: Buffer.from(key),
  partition,
});
const names = (rows: readonly OrderedRow[]): string[] =>
  rows.map(({ bytes, partition }) => `${bytes.toString()}/${partition}`);

describe('merged rows', () => {
  test('are in the order of keys, then of partitions', () => {
    const sources = [
      { rows: [row('a', 1), row('c', 1)], more: false },
      { rows: [row('a', 0), row('b', 0)], more: false },
    ];
    const { rows, more } = mergeRows(sources, 4);
    expect([names(rows), more]).toEqual([['a/0', 'a/1', 'b/0', 'c/1'], false]);
    expect(mergeRows(sources, 3)).toMatchObject({ rows: { length: 3 }, more: true });
  });

  test('end with the last row of a source that has more', () => {
    const sources = [
      { rows: [row('a', 1)], more: true },
      { rows: [row('b', 0), row('c', 0)], more: false },
    ];
    const { rows, more } = mergeRows(sources, 4);
    expect([names(rows), more]).toEqual([['a/1'], true]);
  });

  test('are the first of all rows, however sources cut theirs', () => {
    const source = fc.record({
      keys: fc.uniqueArray(fc.nat(50)),
      given: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(
        fc.array(source, { maxLength: 4 }),
        fc.integer({ min: 1, max: 20 }),
        (all, limit) => {
          const whole = all.map(({ keys }, partition) =>
            keys
              .toSorted((a, b) => a - b)
              .map((key) => row(String.fromCharCode(65 + key), partition)),
          );
          const cut = whole.map((rows, i) => {
            const given = Math.min(all[i]?.given ?? 0, limit);
            return { rows: rows.slice(0, given), more: rows.length > given };
          });
          const expected = names(
            mergeRows(
              whole.map((rows) => ({ rows, more: false })),
              1e9,
            ).rows,
          );
          const { rows, more } = mergeRows(cut, limit);
          expect(names(rows)).toEqual(expected.slice(0, rows.length));
          expect(more).toBe(rows.length < expected.length);
          expect(rows.length > 0 || expected.length === 0).toBe(true);
        },
      ),
      { seed: 4 },
    );
  });
});
