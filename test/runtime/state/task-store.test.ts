import { describe, expect, test } from 'vitest';
import { MemoryStateBackend } from '../../../runtime/state/memory-backend.ts';
import { readOnlyHandle, storeHandle } from '../../../runtime/state/store-handle.ts';
import { avroSerde, keySerde, loadCatalog, primitiveSerde } from '../../../schemas/index.ts';
import { StoreRig } from './harness.ts';
import type { StoreSettings } from './harness.ts';

function rig(settings?: StoreSettings): StoreRig {
  return new StoreRig(new MemoryStateBackend(), settings);
}

describe('TaskStore', () => {
  test('reads what the open batch wrote, and the row object stays the same', () => {
    const { store, time } = rig();
    time.streamTime = 7;
    store.beginBatch();
    expect(store.row('a')).toBeUndefined();
    store.put('a', 1);
    expect(store.row('a')).toEqual({ value: 1, time: 7, keep: false });
    expect(store.row('a')).toBe(store.row('a'));
    store.put('a', 2, 5, true);
    expect(store.row('a')).toEqual({ value: 2, time: 5, keep: true });
    store.delete('a');
    expect(store.row('a')).toBeUndefined();
  });

  test('stamps a row with time 0 before the first record', () => {
    const { store } = rig();
    store.beginBatch();
    store.put('a', 1);
    expect(store.row('a')?.time).toBe(0);
  });

  test('deletes on null, as Kafka Streams does', () => {
    const { store } = rig();
    store.beginBatch();
    store.put('a', 1);
    store.put('a', null);
    expect(store.row('a')).toBeUndefined();
  });

  test('goes back to the batch before when a batch is dropped', () => {
    const r = rig();
    r.batch((s) => s.put('a', 1));
    r.store.beginBatch();
    r.store.put('a', 2);
    r.store.put('b', 2);
    r.store.dropBatch();
    expect(r.content()).toEqual({ a: [1, 0, false] });
  });

  test('goes back to the savepoint, and keeps what stood before it', () => {
    const r = rig();
    r.store.beginBatch();
    r.store.put('a', 1);
    r.store.savepoint();
    r.store.put('a', 2);
    r.store.put('b', 2);
    r.store.rollbackToSavepoint();
    expect(r.content()).toEqual({ a: [1, 0, false] });
    r.store.savepoint();
    r.store.put('b', 3);
    r.store.savepoint();
    r.store.delete('a');
    r.store.rollbackToSavepoint();
    r.store.commitBatch();
    expect(r.content()).toEqual({ a: [1, 0, false], b: [3, 0, false] });
  });

  test('undoes a whole batch with savepoints in it', () => {
    const r = rig();
    r.batch((s) => s.put('a', 0));
    r.store.beginBatch();
    r.store.savepoint();
    r.store.put('a', 1);
    r.store.savepoint();
    r.store.put('a', 2);
    r.store.dropBatch();
    expect(r.content()).toEqual({ a: [0, 0, false] });
  });

  test('gives only the last write of a key to the changelog', async () => {
    const r = rig();
    r.batch((s) => {
      s.put('a', 1, 10);
      s.put('b', 1, 11);
    });
    r.batch((s) => {
      s.put('a', 2, 12, true);
      s.delete('b');
      s.put('c', 9, 1);
    });
    r.time.streamTime = 50;
    r.batch((s) => s.delete('c'));
    const records = await r.commit();
    expect(
      records.map(({ key, value, time, keep }) => [
        String(Buffer.from(key)),
        value === null ? null : String(Buffer.from(value)),
        time,
        keep,
      ]),
    ).toEqual([
      ['a', '2', 12, true],
      ['b', null, 0, false],
      ['c', null, 50, false],
    ]);
  });

  test('writes nothing for a row that was known to be absent and is so again', async () => {
    const r = rig();
    r.batch((s) => {
      s.row('a');
      s.put('a', 1);
      s.delete('a');
      s.delete('b');
      s.row('c');
      s.delete('c');
    });
    expect((await r.commit()).map((c) => String(Buffer.from(c.key)))).toEqual(['b']);
  });

  test('processes n+1 on top of n in commit, and drops both when n is aborted', async () => {
    const r = rig();
    r.batch((s) => s.put('a', 1));
    await r.commit();
    r.batch((s) => s.put('a', 2));
    r.seal();
    r.batch((s) => {
      expect(s.row('a')?.value).toBe(2);
      s.put('a', 3);
    });
    r.store.beginBatch();
    r.store.put('b', 4);
    r.dropUncommitted();
    expect(r.content()).toEqual({ a: [1, 0, false] });
    expect(r.backend.open('totals', 0).position()).toBe(1);
  });

  test('leaves nothing of n on disk before it is acknowledged and applied', async () => {
    const r = rig();
    const disk = r.backend.open('totals', 0);
    r.batch((s) => s.put('a', 1));
    r.seal();
    expect(disk.count()).toBe(0);
    r.acknowledge();
    expect(disk.count()).toBe(0);
    await r.apply();
    expect([disk.count(), disk.position()]).toEqual([1, 1]);
  });

  test('seals completed batches while another is open', async () => {
    const r = rig();
    r.batch((s) => s.put('a', 1));
    r.store.beginBatch();
    r.store.put('a', 2);
    r.store.put('b', 2);
    const first = r.seal();
    r.store.put('a', 3);
    r.acknowledge();
    await r.apply();
    r.store.commitBatch();
    const second = await r.commit();
    expect(first.map((c) => String(Buffer.from(c.value ?? [])))).toEqual(['1']);
    expect(second.map((c) => String(Buffer.from(c.value ?? [])))).toEqual(['3', '2']);
    expect(r.content()).toEqual({ a: [3, 0, false], b: [2, 0, false] });
  });

  test('undoes an open batch down to the transaction sealed below it', () => {
    const r = rig();
    r.batch((s) => s.put('a', 1));
    r.store.beginBatch();
    r.store.put('a', 2);
    r.seal();
    r.store.put('a', 3);
    r.store.dropBatch();
    expect(r.content()).toEqual({ a: [1, 0, false] });
  });

  test('keeps acknowledged rows when a later transaction is dropped before they are on disk', async () => {
    const r = rig();
    r.batch((s) => s.put('a', 1));
    r.seal();
    r.batch((s) => s.put('a', 2));
    r.seal();
    r.acknowledge();
    r.dropUncommitted();
    expect(r.content()).toEqual({ a: [1, 0, false] });
    await r.apply();
    expect(r.content()).toEqual({ a: [1, 0, false] });
  });

  test('writes no changelog for a store that its source topic backs, but moves its position', async () => {
    const r = rig({ sourceBacked: true });
    r.batch((s) => s.put('a', 1));
    expect(await r.commit()).toEqual([]);
    expect(r.backend.open('totals', 0).count()).toBe(1);
    r.seal();
    expect(r.store.acknowledged(17)).toEqual([
      { store: 'totals', partition: 0, rows: [], position: 17 },
    ]);
  });

  test('refuses a value that does not fit at once, and leaves the row as it was', () => {
    const r = rig({ valueSerde: primitiveSerde('int') });
    r.store.beginBatch();
    r.store.put('a', 1);
    expect(() => r.store.put('a', 'x')).toThrow('store "totals": cannot write int: it is "x"');
    expect(() => r.store.put('b', 'x')).toThrow('store "totals": cannot write int');
    expect(() => r.store.put(5, 1)).toThrow('store "totals": cannot write string: it is 5');
    expect(() => r.store.row(undefined)).toThrow('store "totals": cannot write string');
    r.store.commitBatch();
    expect(r.content()).toEqual({ a: [1, 0, false] });
    expect(r.seal()).toHaveLength(1);
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])('refuses a row with time %d', (time) => {
    const r = rig();
    r.store.beginBatch();
    expect(() => r.store.put('a', 1, time)).toThrow(
      `store "totals" got a row with time ${time}: a time is a whole number of ms since epoch`,
    );
  });

  test('refuses a key of more than 1,900 bytes, the same on every backend', () => {
    const r = rig();
    r.store.beginBatch();
    r.store.put('k'.repeat(1900), 1);
    expect(() => r.store.put('k'.repeat(1901), 1)).toThrow(
      'store "totals" got a key of 1901 bytes or more: a key has at most 1900 bytes',
    );
    expect(() => r.store.row('k'.repeat(1901))).toThrow('a key of 1901 bytes');
  });

  test('refuses writes outside a batch, and a batch in a batch', () => {
    const { store } = rig();
    expect(() => store.put('a', 1)).toThrow('a store is written outside a batch');
    store.beginBatch();
    expect(() => store.beginBatch()).toThrow('a batch is open already');
    store.commitBatch();
    expect(() => store.commitBatch()).toThrow('no batch is open');
    expect(() => store.savepoint()).toThrow('no batch is open');
    expect(() => store.rollbackToSavepoint()).toThrow('no savepoint is open');
    expect(() => store.acknowledged(1)).toThrow('no transaction is in commit');
    expect(() => store.applied()).toThrow('no acknowledged transaction waits');
  });

  test('takes record keys by their bytes, whatever the object', async () => {
    const { catalog } = loadCatalog([
      {
        file: 'k.avsc',
        text: '{"type":"record","name":"K","fields":[{"name":"store","type":"string"},{"name":"product","type":"int"}]}',
      },
    ]);
    const key = catalog.type('K');
    if (key === undefined) throw new Error('no type');
    const avro = { schemas: catalog, schemaId: 3, resolver: { schemaText: () => undefined } };
    const r = rig({
      key,
      keySerde: keySerde(key, avro),
      valueSerde: avroSerde(catalog, 'long', avro),
    });
    r.batch((s) => {
      s.put({ store: 'x', product: 1 }, 5);
      s.put({ product: 1, store: 'x' }, 6);
      s.put({ store: 'x', product: 2 }, 7);
    });
    await r.commit();
    const again = await r.restart(r.backend);
    again.store.beginBatch();
    expect(again.store.row({ store: 'x', product: 1 })?.value).toBe(6);
    expect([...again.store.range()].map(([k, row]) => [k, row.value])).toEqual([
      [{ store: 'x', product: 1 }, 6],
      [{ store: 'x', product: 2 }, 7],
    ]);
  });

  test('says that a row of the disk is damaged, and which store it is', async () => {
    const r = rig();
    const write = (row: Buffer) =>
      r.backend.apply(
        [{ store: 'totals', partition: 0, rows: [[Buffer.from('a'), row]], position: 1 }],
        'log-1',
      );
    await write(Buffer.from('0100000000000000000a7b', 'hex'));
    expect(() => r.store.row('a')).toThrow(
      expect.objectContaining({ name: 'TaskCorruptedError', code: 'STORE_ROW_CORRUPT' }),
    );
    await write(Buffer.from('0200000000000000000a31', 'hex'));
    expect(() => r.store.row('a')).toThrow(
      'store "totals" holds a row that cannot be read (format 2): it is rebuilt from the changelog at the next start',
    );
  });

  test('keeps the cache within its budget, and what is not on disk in memory', async () => {
    const r = rig({ cacheBytes: 5000 });
    r.batch((s) => {
      for (let i = 0; i < 100; i++) s.put(`k${i}`, i);
    });
    expect(r.cache.bytes).toBeGreaterThan(20_000);
    await r.commit();
    r.store.beginBatch();
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 100; i++) expect(r.store.row(`k${i}`)?.value).toBe(i);
    }
    expect(r.cache.bytes).toBeLessThanOrEqual(5000);
    r.store.close();
    expect(r.cache.bytes).toBe(0);
  });
});

describe('TaskStore in a small cache', () => {
  test('can evict a row that went to disk while a write on top of it was dropped', async () => {
    const r = rig({ cacheBytes: 1000 });
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    r.batch((s) => keys.forEach((k) => s.put(k, 1)));
    r.seal();
    r.store.beginBatch();
    for (const k of keys) r.store.put(k, 2);
    r.acknowledge();
    await r.apply();
    r.store.dropBatch();
    r.store.beginBatch();
    for (let i = 0; i < 50; i++) r.store.row(`other${i}`);
    expect(r.cache.bytes).toBeLessThanOrEqual(1000);
    expect(r.store.row('k3')?.value).toBe(1);
  });
});

describe('TaskStore.range', () => {
  test('merges disk and layers in order of key bytes, within bounds', async () => {
    const r = rig();
    r.batch((s) => ['b', 'd', 'f', 'é'].forEach((k) => s.put(k, 1)));
    await r.commit();
    r.batch((s) => {
      s.put('a', 2);
      s.put('d', 2);
    });
    r.seal();
    r.store.beginBatch();
    r.store.put('e', 3);
    r.store.delete('f');
    const keys = (bounds?: { from?: string; to?: string }): string =>
      [...r.store.range(bounds)]
        .map(([k, row]) => `${k as string}${row.value as number}`)
        .join(' ');
    expect(keys()).toBe('a2 b1 d2 e3 é1');
    expect(keys({ from: 'b', to: 'e' })).toBe('b1 d2');
    expect(keys({ from: 'e' })).toBe('e3 é1');
    expect(keys({ to: 'b' })).toBe('a2');
    expect(keys({ from: 'x', to: 'b' })).toBe('');
  });

  test('is a snapshot as of the call', () => {
    const r = rig();
    r.store.beginBatch();
    r.store.put('a', 1);
    r.store.put('b', 1);
    const rows = r.store.range();
    r.store.put('a', 2);
    r.store.delete('b');
    r.store.put('c', 1);
    expect([...rows].map(([k, row]) => [k, row.value])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });
});

describe('storeHandle', () => {
  test('throws HANDLE_OVER when its attempt is over, in every method and in the middle of a range', () => {
    const { store } = rig();
    const attempt = { over: false };
    const handle = storeHandle(store, attempt);
    store.beginBatch();
    handle.put('a', 1, { time: 3, keep: true });
    handle.put('b', 2);
    expect(handle.get('a')).toBe(1);
    expect(handle.row('a')).toEqual({ value: 1, time: 3, keep: true });
    const rows = handle.range()[Symbol.iterator]();
    expect(rows.next().value).toEqual(['a', { value: 1, time: 3, keep: true }]);
    attempt.over = true;
    const over = expect.objectContaining({ code: 'HANDLE_OVER' }) as Error;
    expect(() => handle.get('a')).toThrow(over);
    expect(() => handle.row('a')).toThrow(over);
    expect(() => handle.put('a', 1)).toThrow(over);
    expect(() => handle.delete('a')).toThrow(over);
    expect(() => handle.range()).toThrow(over);
    expect(() => rows.next()).toThrow(over);
    expect(() => readOnlyHandle(store, attempt).get('a')).toThrow(
      'store "totals" was used after its batch was over',
    );
  });
});
