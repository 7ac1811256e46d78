import { afterEach, describe, expect, test } from 'vitest';
import type { Engine } from '../../../runtime/engine/engine.ts';
import { partitionOf } from '../../../topology/core/murmur2.ts';
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

const keys = Array.from({ length: 16 }, (_, i) => `k${i}`);
const one = keys.map((key) => plain(key, 'x', 1));

/** Key → the counts that were written for it, in order. */
async function countsOf(cluster: Cluster): Promise<Readonly<Record<string, number[]>>> {
  const counts: Record<string, number[]> = {};
  for (const { key, value } of await cluster.read('counts')) {
    (counts[String(key)] ??= []).push((value?.at(-1) ?? 0) / 2);
  }
  return counts;
}

function each(...counts: readonly number[]): Readonly<Record<string, readonly number[]>> {
  return Object.fromEntries(keys.map((key) => [key, counts]));
}

const tasksOf = (cluster: Cluster, name: string): readonly string[] =>
  cluster.engine(name).tasks.map(({ id }) => id);

describe('members of one application', () => {
  let cluster: Cluster;

  async function start(...names: readonly string[]): Promise<Cluster> {
    cluster = new Cluster(counting);
    for (const name of names) await cluster.start(name);
    await cluster.settle();
    return cluster;
  }

  afterEach(() => cluster.close());

  test('share the tasks, and each record is counted once', async () => {
    await start('a', 'b');
    await cluster.send('words', ...one);
    await cluster.settle();
    expect(tasksOf(cluster, 'a')).toHaveLength(2);
    expect(tasksOf(cluster, 'b')).toHaveLength(2);
    expect(await countsOf(cluster)).toEqual(each(1));
  });

  test('move tasks with their state when one joins, and when it leaves', async () => {
    await start('a');
    await cluster.send('words', ...one);
    await cluster.settle();
    await cluster.start('b');
    await cluster.send('words', ...one);
    await cluster.settle();
    await cluster.stop('b');
    await cluster.send('words', ...one);
    await cluster.settle();
    expect(tasksOf(cluster, 'a')).toHaveLength(4);
    expect(await countsOf(cluster)).toEqual(each(1, 2, 3));
  });

  test('commit what was completed before they give a task up', async () => {
    await start('a');
    await cluster.send('words', ...one);
    const engine = cluster.engine('a');
    const held = Promise.withResolvers<void>();
    cluster.log.onCommit = async ({ positions }) => {
      if (positions.length > 0) await held.promise;
    };
    // The first batches are in commit, the next are completed.
    for (let i = 0; i < 10; i++) await cluster.turn();
    await cluster.send('words', ...one);
    for (let i = 0; i < 10; i++) await cluster.turn();
    expect(engine.tasks.map(({ hasCompleted }) => hasCompleted)).toEqual([true, true, true, true]);
    const joined = cluster.start('b');
    for (let i = 0; i < 10; i++) await cluster.turn();
    held.resolve();
    await joined;
    await cluster.settle();
    expect(await countsOf(cluster)).toEqual(each(1, 2));
    expect(tasksOf(cluster, 'b')).toHaveLength(2);
  });

  test('take over from one that was killed, once its transaction is fenced', async () => {
    await start('a', 'b');
    await cluster.send('words', ...one);
    await cluster.settle();
    const ofB = new Set(cluster.engine('b').tasks.map(({ partition }) => partition));
    cluster.log.onPrepared = async ({ positions }) => {
      if (positions.some(({ partition }) => ofB.has(partition))) await new Promise(() => {});
    };
    await cluster.send('words', ...one);
    for (let i = 0; i < 20; i++) await cluster.turn();
    cluster.log.onPrepared = undefined;
    cluster.kill('b');
    for (let i = 0; i < 50; i++) await cluster.turn();
    const waiting = cluster.engine('a').restoring.map(({ state }) => state);
    expect(waiting).toEqual(['locating', 'locating']);
    cluster.fence('b');
    await cluster.settle();
    expect(cluster.engine('a').restoring).toEqual([]);
    expect(await countsOf(cluster)).toEqual(each(1, 2));
  });

  test('go on with their own tasks while others are being restored', async () => {
    await start('a', 'b');
    const own = new Set(cluster.engine('a').tasks.map(({ partition }) => partition));
    const isOwn = (key: string): boolean => own.has(partitionOf(Buffer.from(key), 4));
    await cluster.send('words', ...one);
    await cluster.settle();
    const held = ({ engine }: { engine: Engine }) => engine.restoring.map(({ state }) => state);
    const release = cluster.log.cluster.transactions.holdMarkers(
      'counting',
      (topic) => topic === 'counting-by-key-changelog',
    );
    // The markers of b's last transaction are missing when it dies, those of a are not.
    await cluster.send('words', ...one.filter(({ key }) => !isOwn(String(key))));
    for (let i = 0; i < 20; i++) await cluster.turn();
    cluster.kill('b');
    const free = cluster.log.cluster.transactions.holdMarkers('nobody', 'all');
    for (let i = 0; i < 40; i++) await cluster.turn();
    expect(held({ engine: cluster.engine('a') })).toEqual(['restoring', 'restoring']);
    await cluster.send('words', ...one.filter(({ key }) => isOwn(String(key))));
    await cluster.advance(3000);
    const counts = await countsOf(cluster);
    for (const key of keys) if (isOwn(key)) expect(counts[key]).toEqual([1, 2]);
    expect(held({ engine: cluster.engine('a') })).toEqual(['restoring', 'restoring']);
    release();
    free();
    cluster.fence('b');
    await cluster.advance(2000);
    expect(await countsOf(cluster)).toEqual(each(1, 2));
  });

  test('give up a restore in its middle, and the next owner ends it', async () => {
    await start('a');
    await cluster.send('words', ...one);
    await cluster.settle();
    const release = cluster.log.cluster.transactions.holdMarkers('counting', () => true);
    await cluster.send('words', ...one);
    for (let i = 0; i < 20; i++) await cluster.turn();
    cluster.kill('a');
    const b = await cluster.start('b');
    for (let i = 0; i < 40; i++) await cluster.turn();
    expect(b.restoring.map(({ state }) => state)).toEqual(Array(4).fill('restoring'));
    await cluster.start('c');
    for (let i = 0; i < 40; i++) await cluster.turn();
    expect([b.restoring.length, cluster.engine('c').restoring.length]).toEqual([2, 2]);
    release();
    await cluster.send('words', ...one);
    await cluster.advance(2000);
    expect(await countsOf(cluster)).toEqual(each(1, 2, 3));
  });

  test('fail where a task cannot be read from where it should, and say why', async () => {
    cluster = new Cluster(
      counting.replace('format: string }', 'format: string, offset-reset: none }'),
    );
    const located = cluster.start('a').then((engine) => cluster.during(engine.located()));
    await expect(located).rejects.toMatchObject({
      code: 'POSITION_NONE',
      message:
        'application "counting" has no committed position on words-0 and its offset-reset is "none": write earliest or latest to begin there',
    });
  });

  test('fail when their membership ends by itself', async () => {
    await start('a');
    const engine = cluster.engine('a');
    const member = cluster.log.cluster.expel('counting', 'a');
    member?.ownership.failed?.(new Error('not admitted'));
    expect(() => engine.step()).toThrow('not admitted');
  });

  test.each([
    ['positions and all', 'all', 'locating'],
    ['records', () => true, 'restoring'],
    ['changelogs', (topic: string) => topic.endsWith('-changelog'), 'restoring'],
    ['control', (topic: string) => topic.endsWith('-control'), 'restoring'],
  ] as const)(
    'restore what is committed though its markers are delayed (%s)',
    async (_, held, state) => {
      await start('a');
      await cluster.send('words', ...one);
      await cluster.settle();
      const release = cluster.log.cluster.transactions.holdMarkers('counting', held);
      await cluster.send('words', ...one);
      for (let i = 0; i < 20; i++) await cluster.turn();
      cluster.kill('a');
      await cluster.start('b');
      for (let i = 0; i < 50; i++) await cluster.turn();
      expect(cluster.engine('b').tasks).toEqual([]);
      expect(cluster.engine('b').restoring.map((it) => it.state)).toEqual(Array(4).fill(state));
      await cluster.advance(5000);
      expect(cluster.engine('b').failure).toBeUndefined();
      release();
      await cluster.send('words', ...one);
      await cluster.advance(2000);
      expect(await countsOf(cluster)).toEqual(each(1, 2, 3));
    },
  );
});
