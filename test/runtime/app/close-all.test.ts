import { expect, test } from 'vitest';
import { closeAll } from '../../../runtime/app/close-all.ts';

test('closes all, the last first, and throws the first error of any', async () => {
  const closed: string[] = [];
  const closer = (name: string, error?: Error) => async (): Promise<void> => {
    closed.push(name);
    if (error !== undefined) throw error;
  };
  const full = new Error('the disk is full');
  const closers = [closer('log', new Error('later')), closer('state', full), closer('engine')];
  await expect(closeAll(closers)).rejects.toBe(full);
  expect(closed).toEqual(['engine', 'state', 'log']);
  await closeAll([]);
});
