import { expect, test } from 'vitest';
import { untilEnd } from '../../../runtime/cli/run-many.ts';

const never = new Promise<never>(() => {});

test('a job is stopped, though an application does not say how far it is', async () => {
  const stop = new AbortController();
  const asked = Promise.withResolvers<void>();
  const runner = {
    ended: never,
    caughtUp: () => {
      asked.resolve();
      return never;
    },
  };
  const end = untilEnd(runner, stop.signal, true);
  await asked.promise;
  stop.abort();
  expect(await end).toBe(false);
});

test('a job ends when all have caught up', async () => {
  const runner = { ended: never, caughtUp: async () => true };
  expect(await untilEnd(runner, new AbortController().signal, true)).toBe(true);
});
