import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { StateBackend, StateWrites } from '../../../runtime/ports.ts';
import { restoreWrites, wipeStore } from '../../../runtime/state/restore.ts';
import { lmdbFixture, memoryFixture, renewingFixture } from './harness.ts';

function rows(entries: Record<string, string | null>): StateWrites['rows'] {
  return Object.entries(entries).map(([k, v]) => [
    Buffer.from(k),
    v === null ? null : Buffer.from(v),
  ]);
}

function write(
  store: string,
  partition: number,
  entries: Record<string, string | null>,
  position?: number,
): StateWrites {
  return { store, partition, rows: rows(entries), position };
}

/** What every state backend does. */
describe.each([memoryFixture, lmdbFixture, renewingFixture])('a state backend: %o', (make) => {
  const fixture = make();
  let backend: StateBackend;
  beforeEach(async () => {
    backend = await fixture.reopen();
    for (const { store, partition } of backend.tables()) await backend.wipe(store, partition);
  });
  afterAll(() => fixture.dispose());

  function read(store: string, partition: number, from?: string, to?: string): string {
    const bound = (k?: string) => (k === undefined ? undefined : Buffer.from(k));
    return [...backend.open(store, partition).range(bound(from), bound(to))]
      .map(([k, v]) => `${k.toString()}=${v.toString()}`)
      .join(' ');
  }

  test('applies rows, positions and incarnation together, and reads them', async () => {
    await backend.apply([write('s', 0, { a: '1', b: '2' }, 7), write('t', 3, {}, 9)], 'log-1');
    expect(backend.open('s', 0).get(Buffer.from('a'))?.toString()).toBe('1');
    expect(backend.open('s', 0).get(Buffer.from('x'))).toBeUndefined();
    expect(backend.open('s', 0).position()).toBe(7);
    expect(backend.open('t', 3).position()).toBe(9);
    expect(backend.open('u', 0).position()).toBeUndefined();
    expect(backend.incarnation()).toBe('log-1');
  });

  test('keeps everything when it is closed and opened again', async () => {
    await backend.apply([write('s', 0, { a: '1', b: '2' }, 7)], 'log-2');
    backend = await fixture.reopen();
    expect(read('s', 0)).toBe('a=1 b=2');
    expect(backend.open('s', 0).position()).toBe(7);
    expect(backend.incarnation()).toBe('log-2');
    expect(backend.tables()).toContainEqual({ store: 's', partition: 0 });
  });

  test('keeps the time as of which rows are complete, until it is told another', async () => {
    await backend.apply([{ ...write('z', 0, { a: '1' }, 7), asOfMs: 70 }], 'log-2');
    await backend.apply([write('z', 0, { b: '1' }, 8)], 'log-2');
    expect([backend.open('z', 0).position(), backend.open('z', 0).asOfMs()]).toEqual([8, 70]);
    await backend.apply([{ ...write('z', 0, {}, 9), asOfMs: 90 }], 'log-2');
    backend = await fixture.reopen();
    expect([backend.open('z', 0).position(), backend.open('z', 0).asOfMs()]).toEqual([9, 90]);
    await backend.wipe('z', 0);
    expect(backend.open('z', 0).asOfMs()).toBeUndefined();
  });

  test('keeps the topic that a position is in, until it is told another or wiped', async () => {
    await backend.apply([{ ...write('i', 0, { a: '1' }, 7), topicId: 'first' }], 'log-2');
    await backend.apply([write('i', 0, { b: '1' }, 8)], 'log-2');
    backend = await fixture.reopen();
    expect([backend.open('i', 0).position(), backend.open('i', 0).topicId()]).toEqual([8, 'first']);
    await backend.apply([{ ...write('i', 0, {}, 1), topicId: 'second' }], 'log-2');
    backend = await fixture.reopen();
    expect([backend.open('i', 0).position(), backend.open('i', 0).topicId()]).toEqual([
      1,
      'second',
    ]);
    await backend.wipe('i', 0);
    expect(backend.open('i', 0).topicId()).toBeUndefined();
  });

  test('keeps stores and partitions apart, in every order of opening', async () => {
    await backend.apply(
      [write('s', 0, { a: 's0' }), write('s', 1, { a: 's1' }), write('s1', 1, { a: 's11' })],
      'log-1',
    );
    expect([read('s', 0), read('s', 1), read('s1', 1), read('s', 11)]).toEqual([
      'a=s0',
      'a=s1',
      'a=s11',
      '',
    ]);
    backend = await fixture.reopen();
    expect([read('s1', 1), read('s', 1), read('s', 0)]).toEqual(['a=s11', 'a=s1', 'a=s0']);
  });

  test('takes the last of several writes of a key, deletes included', async () => {
    await backend.apply([write('s', 0, { a: '1', b: '1' }, 1)], 'log-1');
    await backend.apply(
      [
        write('s', 0, { a: '2' }, 2),
        {
          store: 's',
          partition: 0,
          position: 3,
          rows: [...rows({ a: '3', b: null }), ...rows({ a: '4' })],
        },
      ],
      'log-1',
    );
    expect(read('s', 0)).toBe('a=4');
    expect(backend.open('s', 0).position()).toBe(3);
    await backend.apply([write('s', 0, { a: null, never: null })], 'log-1');
    expect([read('s', 0), backend.open('s', 0).position()]).toEqual(['', 3]);
  });

  test('gives ranges in order of key bytes, bounds from and below', async () => {
    await backend.apply([write('s', 0, { b: '1', é: '2', '': '0', a: '3', c: '4' })], 'log-1');
    expect(read('s', 0)).toBe('=0 a=3 b=1 c=4 é=2');
    expect(read('s', 0, 'a', 'c')).toBe('a=3 b=1');
    expect(read('s', 0, 'aa')).toBe('b=1 c=4 é=2');
    expect(read('s', 0, undefined, 'b')).toBe('=0 a=3');
    expect(read('s', 0, 'z', 'a')).toBe('');
    expect(backend.open('s', 0).count()).toBe(5);
  });

  test('orders bytes without sign', async () => {
    const keys = [0xff, 0x00, 0x80, 0x7f].map((byte) => Buffer.from([byte]));
    await backend.apply(
      [{ store: 's', partition: 0, rows: keys.map((k) => [k, k]), position: 1 }],
      'log-1',
    );
    expect([...backend.open('s', 0).range(undefined, undefined)].map(([k]) => k[0])).toEqual([
      0x00, 0x7f, 0x80, 0xff,
    ]);
  });

  test('takes a range as of the call', async () => {
    await backend.apply([write('s', 0, { a: '1', b: '1' })], 'log-1');
    const range = backend.open('s', 0).range(undefined, undefined);
    await backend.apply([write('s', 0, { a: '2', b: null, c: '2' })], 'log-1');
    expect([...range].map(([k, v]) => `${k.toString()}${v.toString()}`)).toEqual(['a1', 'b1']);
    expect(read('s', 0)).toBe('a=2 c=2');
  });

  test('wipes one table alone, which can be filled again', async () => {
    await backend.apply([write('s', 0, { a: '1' }, 5), write('s', 1, { a: '1' }, 6)], 'log-1');
    const table = backend.open('s', 0);
    await backend.wipe('s', 0);
    expect([table.position(), table.count(), read('s', 0)]).toEqual([undefined, 0, '']);
    expect([backend.open('s', 1).position(), read('s', 1)]).toEqual([6, 'a=1']);
    await backend.apply([write('s', 0, { b: '2' }, 1)], 'log-1');
    backend = await fixture.reopen();
    expect([read('s', 0), backend.open('s', 0).position(), read('s', 1)]).toEqual([
      'b=2',
      1,
      'a=1',
    ]);
    await backend.wipe('never', 0);
  });

  test('wipes a store with its expiry index', async () => {
    const record = { key: Buffer.from('a'), value: Buffer.from('1'), time: 5, keep: false };
    await backend.apply(restoreWrites({ name: 's', partition: 0, ttl: 10 }, [record], 1), 'log-1');
    expect(backend.open('s!expiry', 0).count()).toBe(1);
    await wipeStore(backend, 's', 0);
    expect([backend.open('s', 0).count(), backend.open('s!expiry', 0).count()]).toEqual([0, 0]);
  });

  test('takes 10,000 rows and large ones in one go', async () => {
    const large = Buffer.alloc(300_000, 'x');
    const many = Array.from(
      { length: 10_000 },
      (_, i) => [Buffer.from(`k${String(i).padStart(5, '0')}`), Buffer.from(`${i}`)] as const,
    );
    await backend.apply(
      [{ store: 's', partition: 0, rows: [...many, [Buffer.from('large'), large]], position: 1 }],
      'log-1',
    );
    expect(backend.open('s', 0).count()).toBe(10_001);
    expect(backend.open('s', 0).get(Buffer.from('large'))?.length).toBe(300_000);
    expect(backend.open('s', 0).get(Buffer.from('k09999'))?.toString()).toBe('9999');
  });
});
