import { describe, expect, test } from 'vitest';
import {
  addCleanPoint,
  defaultCompaction,
  needsCompaction,
  tombstoneHorizon,
} from '../../../runtime/log/compaction.ts';
import type { CleanPoint } from '../../../runtime/log/compaction.ts';

describe('tombstoneHorizon', () => {
  const points: readonly CleanPoint[] = [
    { offset: 10, atMs: 1_000 },
    { offset: 30, atMs: 2_000 },
  ];

  test.each([
    [1_999, 0],
    [2_000, 10],
    [2_999, 10],
    [3_000, 30],
  ])('at %d ms lets tombstones below %d go', (nowMs, horizon) => {
    expect(tombstoneHorizon(points, nowMs, 1_000)).toBe(horizon);
  });
});

describe('addCleanPoint', () => {
  test('adds none that says nothing new', () => {
    const points = [{ offset: 10, atMs: 0 }];
    expect(addCleanPoint(points, 10, 900, 1_000)).toEqual(points);
    expect(addCleanPoint([], 0, 900, 1_000)).toEqual([]);
  });

  test.each([
    [124, 1],
    [125, 2],
  ])('after %d ms of a retention of 1000 has %d points', (nowMs, count) => {
    expect(addCleanPoint([{ offset: 10, atMs: 0 }], 20, nowMs, 1_000)).toHaveLength(count);
  });

  test('drops points whose tombstones are gone', () => {
    const points = [
      { offset: 10, atMs: 0 },
      { offset: 20, atMs: 500 },
    ];
    expect(addCleanPoint(points, 30, 1_000, 1_000)).toEqual([
      { offset: 20, atMs: 500 },
      { offset: 30, atMs: 1_000 },
    ]);
  });

  test('never keeps more than ten', () => {
    let points: readonly CleanPoint[] = [];
    for (let t = 0; t < 5_000; t++) {
      points = addCleanPoint(points, t + 1, t, 1_000);
      expect(points.length).toBeLessThanOrEqual(10);
    }
  });
});

describe('needsCompaction', () => {
  const options = { ...defaultCompaction, minDirtyRatio: 0.5, minDirtyBytes: 100 };

  test.each([
    [99, 99, false],
    [100, 200, true],
    [100, 201, false],
    [0, 0, false],
  ])('with %d of %d bytes dirty: %s', (dirty, total, due) => {
    expect(needsCompaction(dirty, total, options)).toBe(due);
  });
});
