import { afterEach, describe, expect, test } from 'vitest';
import { plain } from '../codec/records.ts';
import { Cluster } from './cluster.ts';

const counting = `
application: counting
streams:
  words:  { topic: words, key: string, value: string, format: string }
  counts: { topic: counts, key: string, value: long }
stages:
  by-key:  { from: words, group-by-key: true, count: {} }
  changes: { from: by-key, to-stream: {}, to: counts }
`;

const word = plain('k', 'x', 1);

describe('positions that the group has forgotten', () => {
  let cluster: Cluster;

  afterEach(() => cluster.close());

  /** A member has counted one word and is gone; then the group has no positions. */
  async function forgotten(): Promise<void> {
    cluster = new Cluster(counting, {}, 1);
    await cluster.start('a');
    await cluster.send('words', word);
    await cluster.settle();
    await cluster.stop('a');
    await cluster.log.admin.setPositions('counting', undefined);
  }

  /** The counts that were written, in order, and what is said, when the next member has run. */
  async function goOn(): Promise<[counts: readonly number[], reports: readonly string[]]> {
    await cluster.start('b');
    await cluster.settle();
    const counts = (await cluster.read('counts')).map(({ value }) => (value?.at(-1) ?? 0) / 2);
    return [counts, cluster.members.get('b')?.reports ?? []];
  }

  test('are those of the last transaction, and that is said', async () => {
    await forgotten();
    await cluster.send('words', word);
    expect(await goOn()).toEqual([
      [1, 2],
      [
        'the group "counting" has no position in words-0 any more: goes on at 2, where the last transaction left it',
      ],
    ]);
  });

  test('are not looked for in a topic that was created anew', async () => {
    await forgotten();
    await cluster.log.admin.delete('words');
    await cluster.createTopics();
    await cluster.send('words', word);
    expect(await goOn()).toEqual([[1, 2], []]);
  });

  test('are not looked for where the control record may be ahead of them (at-least-once)', async () => {
    await forgotten();
    Object.defineProperty(cluster.log, 'atomic', { value: false });
    expect(await goOn()).toEqual([[1, 2], []]);
  });
});
