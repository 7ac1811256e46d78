import { afterEach, describe, expect, test } from 'vitest';
import type { StoreView } from '../../../runtime/queries/store-view.ts';
import { plain } from '../codec/records.ts';
import { Cluster } from '../engine/cluster.ts';

const topology = `
application: shop
streams:
  words:  { topic: words, key: string, value: string, format: string }
  counts: { topic: counts, key: string, value: long }
stages:
  by-key:  { from: words, group-by-key: true, count: {} }
  changes: { from: by-key, to-stream: {}, to: counts }
`;

const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);

describe('queries of one member', () => {
  let cluster: Cluster;

  async function start(standbyReplicas: number, ...names: readonly string[]): Promise<void> {
    cluster = new Cluster(topology, { standbyReplicas });
    for (const name of names) await cluster.start(name);
    await cluster.send('words', ...keys.map((key) => plain(key, 'x', 1)));
    await cluster.settle();
    await cluster.advance(2000);
  }

  const view = (name: string): Promise<StoreView> =>
    cluster.members.get(name)?.assembled?.queries.view('by-key') as Promise<StoreView>;

  afterEach(() => cluster.close());

  test('find a committed row where the partition is, and say where to ask otherwise', async () => {
    await start(0, 'a', 'b');
    const [a, b] = [await view('a'), await view('b')];
    for (const key of keys) {
      const partition = a.partitionOf(key);
      const answers = [await a.get(key), await b.get(key)];
      expect(answers.map(({ kind }) => kind).sort()).toEqual(['elsewhere', 'found']);
      const found = answers.find(({ kind }) => kind === 'found');
      expect(found).toMatchObject({
        row: { key, value: 1, time: 1, partition },
        from: { partition, role: 'active', staleness: undefined },
      });
    }
    const owner = a.held().some(({ partition }) => partition === a.partitionOf('none')) ? a : b;
    expect(await owner.get('none')).toMatchObject({ kind: 'absent' });
  });

  test('see nothing of a transaction that is not committed (E2)', async () => {
    await start(0, 'a');
    const held = Promise.withResolvers<void>();
    cluster.log.onPrepared = async ({ positions }) => {
      if (positions.length > 0) await held.promise;
    };
    await cluster.send('words', ...keys.map((key) => plain(key, 'x', 2)));
    for (let i = 0; i < 20; i++) await cluster.turn();
    const by = await view('a');
    expect(await by.get('k1')).toMatchObject({ kind: 'found', row: { value: 1 } });
    held.resolve();
    await cluster.settle();
    expect(await by.get('k1')).toMatchObject({ kind: 'found', row: { value: 2 } });
  });

  test('give ranges in order of keys, bounded, and say whether there is more', async () => {
    await start(0, 'a');
    const by = await view('a');
    const sorted = keys.toSorted((x, y) => (x < y ? -1 : 1));
    const all = await by.range({ limit: 100 });
    expect(all.rows.map(({ key }) => key)).toEqual(sorted);
    expect([all.more, all.from.length]).toEqual([false, 4]);
    const some = await by.range({ from: 'k1', to: 'k3', limit: 3 });
    expect(some.rows.map(({ key }) => key)).toEqual(['k1', 'k10', 'k11']);
    expect(some.more).toBe(true);
    expect((await by.range({ from: 'k1', to: 'k3', limit: 4 })).more).toBe(false);
    await expect(by.range({ limit: 0 })).rejects.toMatchObject({ code: 'QUERY_LIMIT' });
  });

  test('are answered by a standby if that is asked for, with how far it is behind', async () => {
    await start(1, 'a', 'b');
    const [a, b] = [await view('a'), await view('b')];
    const other = a.held().some(({ partition }) => partition === a.partitionOf('k1')) ? b : a;
    expect(await other.get('k1')).toMatchObject({ kind: 'elsewhere' });
    expect(await other.get('k1', { standby: true })).toMatchObject({
      kind: 'found',
      row: { key: 'k1', value: 1 },
      from: { role: 'standby', staleness: { records: 0 } },
    });
    expect(other.held({ standby: true })).toHaveLength(4);
    const behind = other.held({ standby: true }).find(({ role }) => role === 'standby');
    expect(behind?.staleness?.ms).toBeLessThanOrEqual(1000);
  });

  test('say that a partition is being restored', async () => {
    await start(0, 'a');
    const release = cluster.log.cluster.transactions.holdMarkers('shop', () => true);
    await cluster.send('words', ...keys.map((key) => plain(key, 'x', 1)));
    for (let i = 0; i < 20; i++) await cluster.turn();
    cluster.kill('a');
    await cluster.start('b');
    for (let i = 0; i < 20; i++) await cluster.turn();
    const by = await view('b');
    const partition = by.partitionOf('k1');
    expect(await by.get('k1')).toEqual({ kind: 'restoring', partition });
    release();
  });

  test('refuse a store that there is not, and name those that there are', async () => {
    await start(0, 'a');
    await expect(cluster.members.get('a')?.assembled?.queries.view('by')).rejects.toMatchObject({
      code: 'STORE_NAME',
      message: 'application "shop" has no store "by"; it has "by-key"',
    });
  });
});
