import { afterEach, describe, expect, test } from 'vitest';
import type { EngineParts } from '../../../runtime/engine/engine-parts.ts';
import { groupOptions } from '../../../runtime/engine/group-options.ts';
import type { Log } from '../../../runtime/ports.ts';
import { plain } from '../codec/records.ts';
import { Cluster, type ClusterMember } from './cluster.ts';

const topology = `
application: shop
streams:
  words:  { topic: words, key: string, value: string, format: string }
  counts: { topic: counts, key: string, value: long }
  named:  { topic: named, key: string, value: string, format: string }
tables:
  names: { topic: names, key: string, value: string, format: string, cleanup: compact }
stages:
  by-key:    { from: words, group-by-key: true, count: {} }
  changes:   { from: by-key, to-stream: {}, to: counts }
  with-name: { from: words, join: { with: names, kind: left, expr: 'right == null ? "none" : right' }, to: named }
`;

const keys = Array.from({ length: 16 }, (_, i) => `k${i}`);
const words = keys.map((key) => plain(key, 'x', 1));

describe('a standby', () => {
  let cluster: Cluster;

  async function start(...names: readonly string[]): Promise<void> {
    cluster = new Cluster(topology, { standbyReplicas: 1 });
    await cluster.createTopics();
    for (const name of names) await cluster.start(name);
    await cluster.send('names', ...keys.map((key) => plain(key, `name of ${key}`, 1)));
    await cluster.settle();
    for (let i = 0; i < 3; i++) {
      await cluster.send('words', ...words);
      await cluster.settle();
    }
    await cluster.advance(3000);
  }

  /** Offsets from which topics with this ending are read from now on, by `topic-partition`. */
  function reads(ending: string): Map<string, number> {
    const from = new Map<string, number>();
    const { log } = cluster;
    const fetch: Log['fetch'] = log.fetch.bind(log);
    log.fetch = (positions, limits) => {
      for (const { topic, partition, offset } of positions) {
        const id = `${topic}-${partition}`;
        if (topic.endsWith(ending) && !from.has(id)) from.set(id, offset);
      }
      return fetch(positions, limits);
    };
    return from;
  }

  const lastCounts = async (): Promise<readonly number[]> => {
    const last = new Map<string, number>();
    for (const { key, value } of await cluster.read('counts')) {
      last.set(String(key), (value?.at(-1) ?? 0) / 2);
    }
    return keys.map((key) => last.get(key) ?? 0);
  };

  afterEach(() => cluster.close());

  test('has the rows of tasks that another member runs, of a source-backed table, too', async () => {
    await start('a', 'b');
    for (const [name, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const standbys = cluster.engine(name).standbyTasks.map(({ id }) => id);
      expect(standbys).toEqual(cluster.engine(other).tasks.map(({ id }) => id));
      for (const store of ['by-key', 'names']) {
        for (const { partition } of cluster.engine(name).standbyTasks) {
          const rows = (of: string) => [
            ...(cluster.members.get(of)?.state.open(store, partition).range(undefined, undefined) ??
              []),
          ];
          expect(rows(name)).toEqual(rows(other));
          expect(rows(name).length).toBeGreaterThan(0);
        }
      }
    }
  });

  test('is promoted without reading what it has, and nothing is counted twice', async () => {
    await start('a', 'b');
    const from = reads('-changelog');
    cluster.kill('b');
    cluster.fence('b');
    await cluster.settle();
    const ends = await cluster.log.ends(
      [0, 1, 2, 3].map((partition) => ({ topic: 'shop-by-key-changelog', partition })),
      'committed',
    );
    // Only markers lie between what a commit knows as its end and the end.
    for (const [id, offset] of from) {
      const end = ends.find(({ partition }) => id === `shop-by-key-changelog-${partition}`)?.end;
      expect((end ?? 0) - offset).toBeLessThanOrEqual(1);
    }
    await cluster.send('words', ...words);
    await cluster.settle();
    expect(await lastCounts()).toEqual(keys.map(() => 4));
    expect(cluster.members.get('a')?.reports).toEqual([]);
  });

  test('goes on from the stores of the task that it was', async () => {
    await start('a');
    const { state } = cluster.members.get('a') as ClusterMember;
    const apply = state.apply.bind(state);
    let rows = 0;
    state.apply = (writes, incarnation) => {
      for (const write of writes) rows += write.rows.length;
      return apply(writes, incarnation);
    };
    await cluster.start('b');
    await cluster.settle();
    await cluster.advance(2000);
    expect(cluster.engine('a').standbyTasks).toHaveLength(2);
    expect(rows).toBe(0);
    await cluster.send('words', ...words);
    await cluster.settle();
    await cluster.stop('b');
    await cluster.send('words', ...words);
    await cluster.settle();
    expect(await lastCounts()).toEqual(keys.map(() => 5));
    expect(cluster.members.get('a')?.reports).toEqual([]);
  });

  test('does not read a source topic beyond what its owner has committed', async () => {
    await start('a', 'b');
    const owner = cluster.engine('a');
    const { partition } = owner.tasks[0] as (typeof owner.tasks)[number];
    const held = Promise.withResolvers<void>();
    cluster.log.onCommit = async ({ positions }) => {
      if (positions.length > 0) await held.promise;
    };
    const committed = async () =>
      (await cluster.log.committed('shop', [{ topic: 'names', partition }]))[0]?.offset;
    const before = await committed();
    await cluster.send('names', ...keys.map((key) => plain(key, 'new', 2)));
    await cluster.advance(3000);
    const copy = cluster.members.get('b')?.state.open('names', partition);
    expect(copy?.position()).toBe(before);
    held.resolve();
    await cluster.advance(3000);
    expect(copy?.position()).toBe(await committed());
    expect(copy?.position()).toBeGreaterThan(before ?? 0);
  });

  test('tells the group what it holds, and how much there is', async () => {
    await start('a', 'b');
    const { state } = cluster.members.get('b') as ClusterMember;
    const options = await groupOptions(
      { plan: cluster.plan, slot: 'b', state, log: cluster.log } as unknown as EngineParts,
      cluster.engine('b').units,
    );
    const ends = await options.stateEnds?.();
    const held = options.held?.();
    expect([...(held?.keys() ?? [])].sort()).toEqual([...(ends?.keys() ?? [])].sort());
    for (const [task, end] of ends ?? []) {
      expect(end - (held?.get(task) ?? 0)).toBeLessThanOrEqual(1);
      expect(end).toBeGreaterThan(3);
    }
  });

  test('does not tell the group of copies of changelogs that were created again', async () => {
    await start('a', 'b');
    const { state } = cluster.members.get('b') as ClusterMember;
    const parts = { plan: cluster.plan, slot: 'b', state, log: cluster.log };
    const { units } = cluster.engine('b');
    const held = async (): Promise<number> =>
      (await groupOptions(parts as unknown as EngineParts, units)).held?.().size ?? 0;
    expect(await held()).toBe(4);
    const [topic] = units.flatMap(({ topology }) =>
      topology.stores.filter((store) => !store.sourceBacked).map(({ changelog }) => changelog),
    );
    const { admin } = cluster.log;
    const spec = await admin.describe(topic as string);
    for (const name of ['a', 'b']) await cluster.engine(name).close();
    await admin.delete(topic as string);
    await admin.create(spec as NonNullable<typeof spec>);
    expect(await held()).toBe(0);
  });
});
