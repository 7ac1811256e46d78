import { describe, expect, test } from 'vitest';
import { progressLine, RestoreMeter } from '../../../runtime/engine/restore-progress.ts';
import type { StoreCopy } from '../../../runtime/engine/store-copy.ts';

const copy = (name: string, begin: number, position: number, target: number): StoreCopy =>
  ({ begin, position, target, options: { store: { name } } }) as StoreCopy;

describe('the progress of a restore', () => {
  test('is that of all stores, with a rate and an estimate', () => {
    const meter = new RestoreMeter(
      [copy('counts', 100, 1100, 1100), copy('names', 0, 500, 2000)],
      1000,
    );
    const progress = meter.progress('words_3', 4000);
    expect(progress).toEqual({
      task: 'words_3',
      state: 'restoring',
      store: 'names',
      done: 1500,
      total: 3000,
      perSecond: 500,
      leftMs: 3000,
    });
    expect(progressLine(progress)).toBe(
      'task words_3: 50 % of 3,000 records restored (store "names"), about 3 s left',
    );
  });

  test('says nothing about the rest as long as nothing is read', () => {
    const progress = new RestoreMeter([copy('counts', 0, 0, 10)], 0).progress('words_3', 0);
    expect(progress).toMatchObject({ perSecond: 0, leftMs: undefined });
    expect(progressLine(progress)).toBe(
      'task words_3: 0 % of 10 records restored (store "counts")',
    );
  });

  test.each([
    ['locating', 'task t_0: waits for the transaction of its last owner'],
    ['waiting', 'task t_0: waits for its turn to be restored'],
  ] as const)('of a task that is %s says what it waits for', (state, line) => {
    const nothing = { store: undefined, done: 0, total: 0, perSecond: 0, leftMs: undefined };
    expect(progressLine({ task: 't_0', state, ...nothing })).toBe(line);
  });
});
