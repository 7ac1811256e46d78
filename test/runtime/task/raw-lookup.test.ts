import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { assignBaseOffset } from '../../../runtime/codec/batch-header.ts';
import { RecordBatchReader } from '../../../runtime/codec/batch-reader.ts';
import { RawLookup } from '../../../runtime/task/raw-lookup.ts';
import { batchOf, plain } from '../codec/records.ts';

/** Batches of so many records each; the offsets of `gaps` lie between them. */
function batches(sizes: readonly number[], gap = 0): Buffer[] {
  let base = 0;
  return sizes.map((size) => {
    const records = Array.from({ length: size }, (_, i) => plain(`k${base + i}`, 'v'));
    const batch = batchOf(...records);
    assignBaseOffset(batch, base);
    base += size + gap;
    return batch;
  });
}

function keyAt(lookup: RawLookup, offset: number, all: readonly Buffer[], open: boolean) {
  const [list, last] = open ? [all.slice(0, -1), all.at(-1)] : [all, undefined];
  const found = lookup.find(offset, list, last);
  return found === undefined ? undefined : String(found.key());
}

describe('RawLookup', () => {
  test('finds the record of any offset, in any order, and none in a gap', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(25), { maxLength: 30 }),
        fc.boolean(),
        (sizes, offsets, open) => {
          const all = batches(sizes, 1);
          const lookup = new RawLookup();
          const there = new Set(sizes.flatMap((size, i) => offsetsOf(sizes, i, size)));
          for (const offset of offsets) {
            const expected = there.has(offset) ? `k${offset}` : undefined;
            expect(keyAt(lookup, offset, all, open)).toBe(expected);
          }
        },
      ),
    );
  });

  test.each([
    ['one batch', [2000]],
    ['many batches', Array.from({ length: 2000 }, () => 1)],
  ])('walks once over %s, however many ascending offsets are asked for', (_, sizes) => {
    const all = batches(sizes);
    const lookup = new RawLookup();
    const next = vi.spyOn(RecordBatchReader.prototype, 'next');
    const open = vi.spyOn(RecordBatchReader.prototype, 'openChecked');
    for (let offset = 0; offset < 2000; offset++) {
      expect(keyAt(lookup, offset, all, true)).toBe(`k${offset}`);
      // The key alone, then the whole record.
      lookup.find(offset, all, undefined);
    }
    expect([next.mock.calls.length, open.mock.calls.length]).toEqual([2000, sizes.length]);
    vi.restoreAllMocks();
  });

  test('goes on in the batch that is kept, and lets go of the others', () => {
    const [first, second] = batches([2, 3]) as [Buffer, Buffer];
    const lookup = new RawLookup();
    expect(lookup.find(3, [first], second)?.offset).toBe(3);
    lookup.keepOnly(second);
    expect(lookup.find(1, [], second)).toBeUndefined();
    expect(lookup.find(4, [], second)?.offset).toBe(4);
    lookup.keepOnly(undefined);
    expect(lookup.find(4, [], undefined)).toBeUndefined();
  });
});

function offsetsOf(sizes: readonly number[], batch: number, size: number): number[] {
  const base = sizes.slice(0, batch).reduce((sum, it) => sum + it + 1, 0);
  return Array.from({ length: size }, (_, i) => base + i);
}
