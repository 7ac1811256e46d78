import { expect, test } from 'vitest';
import { OneAtATime } from '../../runtime/one-at-a-time.ts';

test('OneAtATime begins an action when the one before it has ended, also by a failure', async () => {
  const queue = new OneAtATime();
  const said: string[] = [];
  const action = (name: string, fails: boolean) => async (): Promise<string> => {
    said.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    said.push(`${name} ends`);
    if (fails) throw new Error(name);
    return name;
  };
  const results = await Promise.allSettled([
    queue.run(action('a', true)),
    queue.run(action('b', false)),
  ]);
  expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  expect(results).toEqual([
    { status: 'rejected', reason: new Error('a') },
    { status: 'fulfilled', value: 'b' },
  ]);
});
