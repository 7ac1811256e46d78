import { describe, expect, test } from 'vitest';
import { ExpiryGrid, expiryBound, expiryKey, rowKeyOf } from '../../../runtime/state/expiry.ts';
import { MemoryStateBackend } from '../../../runtime/state/memory-backend.ts';
import { StoreRig } from './harness.ts';

const ttl = 640; // a grid step of 10

function rig(): StoreRig {
  return new StoreRig(new MemoryStateBackend(), { ttl });
}

describe('ExpiryGrid', () => {
  test.each([
    [639, false],
    [640, true],
    [641, true],
  ])('a row of time 0 with ttl 640 has expired at stream time %d: %s', (streamTime, expired) => {
    expect(new ExpiryGrid(640).expired(0, streamTime)).toBe(expired);
  });

  test.each([
    [0, 640],
    [1, 650],
    [10, 650],
    [11, 660],
  ])('a row of time %d is looked at at %d', (time, bucket) => {
    expect(new ExpiryGrid(640).bucket(time)).toBe(bucket);
  });

  test('rounds stream time down to the grid', () => {
    const grid = new ExpiryGrid(640);
    expect([-1, 0, 9, 10, 19].map((t) => grid.due(t))).toEqual([-1, 0, 0, 10, 10]);
  });

  test('works for a ttl of 0 and of 1 ms', () => {
    expect(new ExpiryGrid(0).bucket(5)).toBe(5);
    expect(new ExpiryGrid(1).stepMs).toBe(1);
  });
});

describe('expiryKey', () => {
  test('orders by bucket, then key, and stays below the bound of its bucket', () => {
    const key = expiryKey(2 ** 40, Buffer.from('zzz'));
    expect(key.compare(expiryKey(2 ** 40 + 1, Buffer.from('a')))).toBe(-1);
    expect(key.compare(expiryBound(2 ** 40))).toBe(-1);
    expect(key.compare(expiryBound(2 ** 40 - 1))).toBe(1);
    expect(rowKeyOf(key).toString()).toBe('zzz');
  });
});

describe('TaskStore with a ttl', () => {
  test('shows a row until its time is over, to the ms, and a kept one for ever', () => {
    const r = rig();
    r.batch((s) => {
      s.put('a', 1, 100);
      s.put('k', 1, 100, true);
    });
    r.time.streamTime = 739;
    expect(Object.keys(r.content())).toEqual(['a', 'k']);
    r.time.streamTime = 740;
    expect(r.store.row('a')).toBeUndefined();
    expect(Object.keys(r.content())).toEqual(['k']);
  });

  test('deletes what is due on the grid, with tombstones, and leaves the index empty', async () => {
    const r = rig();
    r.batch((s) => {
      for (let i = 0; i < 10; i++) s.put(`k${i}`, i, i * 10);
    });
    await r.commit();
    const index = r.backend.open('totals!expiry', 0);
    expect(index.count()).toBe(10);
    r.time.streamTime = 679;
    r.batch((s) => expect(s.sweep(100)).toBe(4));
    r.batch((s) => expect(s.sweep(100)).toBe(0));
    const records = await r.commit();
    expect(records.map((c) => [String(Buffer.from(c.key)), c.value, c.time])).toEqual(
      ['k0', 'k1', 'k2', 'k3'].map((k) => [k, null, 679]),
    );
    expect([r.backend.open('totals', 0).count(), index.count()]).toEqual([6, 6]);
  });

  test('does no more than the limit at a time, and goes on where it was', async () => {
    const r = rig();
    r.batch((s) => {
      for (let i = 0; i < 10; i++) s.put(`k${i}`, i, 0);
    });
    await r.commit();
    r.time.streamTime = 700;
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) r.batch((s) => counts.push(s.sweep(4)));
    expect(counts).toEqual([4, 4, 2, 0]);
    expect(await r.commit()).toHaveLength(10);
    expect(r.backend.open('totals!expiry', 0).count()).toBe(0);
  });

  test('does not delete a row that was written again, and finds it at its new time', async () => {
    const r = rig();
    r.batch((s) => s.put('a', 1, 0));
    await r.commit();
    r.batch((s) => s.put('a', 2, 500));
    await r.commit();
    r.time.streamTime = 640;
    r.batch((s) => s.sweep(10));
    await r.commit();
    expect(r.content()).toEqual({ a: [2, 500, false] });
    r.time.streamTime = 1140;
    r.batch((s) => s.sweep(10));
    await r.commit();
    expect([
      r.backend.open('totals', 0).count(),
      r.backend.open('totals!expiry', 0).count(),
    ]).toEqual([0, 0]);
  });

  test('sweeps again what a dropped batch or transaction had swept', async () => {
    const r = rig();
    r.batch((s) => s.put('a', 1, 0));
    await r.commit();
    r.time.streamTime = 640;
    r.store.beginBatch();
    expect(r.store.sweep(10)).toBe(1);
    r.store.dropBatch();
    r.batch((s) => expect(s.sweep(10)).toBe(1));
    r.seal();
    r.dropUncommitted();
    r.batch((s) => expect(s.sweep(10)).toBe(1));
    await r.commit();
    expect(r.backend.open('totals', 0).count()).toBe(0);
  });

  test('sweeps again what was swept after a savepoint that was gone back to', async () => {
    const r = rig();
    r.batch((s) => s.put('a', 1, 0));
    await r.commit();
    r.time.streamTime = 640;
    r.batch((s) => {
      s.savepoint();
      expect(s.sweep(10)).toBe(1);
      s.rollbackToSavepoint();
      expect(s.sweep(10)).toBe(1);
    });
    await r.commit();
    expect(r.backend.open('totals', 0).count()).toBe(0);
  });

  test('finds a row that was put behind the sweep with a time of long ago', async () => {
    const r = rig();
    r.time.streamTime = 5000;
    r.batch((s) => s.sweep(10));
    r.batch((s) => s.put('late', 1, 3));
    await r.commit();
    expect(r.content()).toEqual({});
    r.batch((s) => expect(s.sweep(10)).toBe(1));
    await r.commit();
    expect([
      r.backend.open('totals', 0).count(),
      r.backend.open('totals!expiry', 0).count(),
    ]).toEqual([0, 0]);
  });

  test('finds a row whose transaction was in commit when the sweep went by its place', async () => {
    const r = rig();
    r.batch((s) => s.put('b', 1, 50));
    await r.commit();
    r.batch((s) => s.put('a', 1, 0));
    r.seal();
    r.time.streamTime = 5000;
    r.batch((s) => expect(s.sweep(10)).toBe(1));
    r.acknowledge();
    await r.apply();
    await r.commit();
    r.time.streamTime = 6000;
    r.batch((s) => s.sweep(10));
    await r.commit();
    expect([
      r.backend.open('totals', 0).count(),
      r.backend.open('totals!expiry', 0).count(),
    ]).toEqual([0, 0]);
  });

  test('deletes after a restore what expired, and keeps what is kept', async () => {
    const r = rig();
    r.batch((s) => {
      s.put('a', 1, 0);
      s.put('k', 1, 0, true);
    });
    r.seal();
    r.acknowledge();
    const again = await r.restart(new MemoryStateBackend());
    again.time.streamTime = 640;
    again.batch((s) => expect(s.sweep(10)).toBe(1));
    expect((await again.commit()).map((c) => String(Buffer.from(c.key)))).toEqual(['a']);
    expect(again.content()).toEqual({ k: [1, 0, true] });
  });

  test('keeps track of a row that is written again as it was, in the transaction that swept it', async () => {
    const r = rig();
    r.batch((s) => s.put('a', 1, 5));
    await r.commit();
    r.time.streamTime = 700;
    r.batch((s) => {
      s.sweep(10);
      s.put('a', 2, 5);
    });
    await r.commit();
    r.batch((s) => s.sweep(10));
    await r.commit();
    expect(r.backend.open('totals', 0).count()).toBe(0);
  });

  test('leaves a bounded number of index entries for a key that is written all the time', async () => {
    const r = rig();
    for (let i = 0; i < 3000; i++) {
      r.time.streamTime = i;
      r.batch((s) => {
        s.put('hot', i);
        s.sweep(10);
      });
      await r.commit();
    }
    expect(r.backend.open('totals!expiry', 0).count()).toBeLessThanOrEqual(65);
  });
});
