import { from } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { distinctByKey, scanByKey } from '../../processors/keyed.ts';
import { FakeStore } from './fake-store.ts';
import { rec } from './harness.ts';

function collect<T>(source: ReturnType<typeof from<readonly T[]>>): readonly T[] {
  const values: T[] = [];
  source.subscribe((value) => values.push(value));
  return values;
}

describe('scanByKey', () => {
  const sum = (store: FakeStore<string, number>) =>
    scanByKey<string, number, number>(store, (state = 0, record) => state + record.value);

  test('goes on over batches from where its store is', () => {
    const store = new FakeStore<string, number>();
    const first = collect(from([rec('a', 1, 5), rec('b', 2, 6)]).pipe(sum(store)));
    const second = collect(from([rec('a', 3, 4)]).pipe(sum(store)));
    expect([...first, ...second].map(({ key, value, time }) => [key, value, time])).toEqual([
      ['a', 1, 5],
      ['b', 2, 6],
      ['a', 4, 4],
    ]);
    expect(store.rows()).toEqual([
      ['a', 4, 4],
      ['b', 2, 6],
    ]);
  });

  test('ends with an error at a null key', () => {
    let error: unknown;
    from([rec(null as never, 1)])
      .pipe(sum(new FakeStore()))
      .subscribe({ error: (reason: unknown) => (error = reason) });
    expect((error as Error).message).toBe(
      'scanByKey got a record without a key: filter such records before it',
    );
  });
});

describe('distinctByKey', () => {
  test('passes a record whose value differs by content from the last of its key, over batches', () => {
    const store = new FakeStore<string, { n: number }>();
    const run = (...values: readonly (readonly [string, number])[]) =>
      collect(
        from(values.map(([key, n]) => rec(key, { n, noise: {} }))).pipe(
          distinctByKey(store, ({ n }) => ({ n })),
        ),
      ).map(({ key, value }) => [key, value.n]);
    expect(run(['a', 1], ['b', 1], ['a', 1])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(run(['a', 1], ['a', 2], ['a', 1])).toEqual([
      ['a', 2],
      ['a', 1],
    ]);
  });
});
