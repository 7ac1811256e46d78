import { tap } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import type { ProcessStage, StreamRecord } from '../../../processors/index.ts';
import { plain } from '../codec/records.ts';
import { QueryCluster } from './query-cluster.ts';

const topology = `
application: shop
streams:
  words:   { topic: words, key: string, value: string, format: string }
  counts:  { topic: counts, key: string, value: long }
  results: { topic: results, key: string, value: string, format: string }
stores:
  memory: { key: string, value: string, ttl: 1d }
stages:
  by-key:  { from: words, group-by-key: true, count: {} }
  changes: { from: by-key, to-stream: {}, to: counts }
  run:     { in: { in: words }, process: run, stores: [memory], out: { out: { key: string, value: string } } }
  send:    { from: run.out, to: results }
`;

type Text = StreamRecord<string, string>;
/** Remembers under the value, which is not what chooses the partition. */
const run: ProcessStage<{ readonly in: Text }, { readonly out: Text }> = (inputs, context) => {
  const memory = context.store('memory');
  return { out: inputs.in.pipe(tap((it) => memory.put(it.value, it.key))) };
};

const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);
const sorted = keys.toSorted((x, y) => (x < y ? -1 : 1));

describe('queries of a group', () => {
  let group: QueryCluster;

  async function start(standbyReplicas: number, ...names: readonly string[]): Promise<void> {
    group = new QueryCluster(topology, { standbyReplicas, functions: { run } });
    await group.start(...names);
    await group.cluster.send('words', ...keys.map((key) => plain(key, 'x', 1)));
    await group.cluster.settle();
    await group.cluster.advance(2000);
  }

  /** A key of a partition that the member does not own. */
  async function keyElsewhere(name: string): Promise<string> {
    const { local } = await group.query(name);
    const own = new Set(local.held().map(({ partition }) => partition));
    return keys.find((key) => !own.has(local.partitionOf(key) ?? -1)) as string;
  }

  afterEach(() => group.close());

  test('are answered by every member for every key', async () => {
    await start(0, 'a', 'b', 'c');
    for (const name of ['a', 'b', 'c']) {
      const query = await group.query(name);
      for (const key of keys) {
        const { rows, next, from } = await query.get(key);
        expect(rows).toMatchObject([{ key, value: 1, time: 1 }]);
        expect(next).toBeUndefined();
        expect(from).toMatchObject([{ role: 'active', partition: query.local.partitionOf(key) }]);
      }
      expect(await query.get('none')).toMatchObject({ rows: [], from: [{ role: 'active' }] });
    }
  });

  test('ask the owner alone, and nobody for what is here', async () => {
    await start(0, 'a', 'b');
    const query = await group.query('a');
    const key = await keyElsewhere('a');
    const { from } = await query.get(key);
    const partition = query.local.partitionOf(key);
    expect(group.asked).toEqual([`b: ${partition}`]);
    expect(from).toMatchObject([{ member: group.url('b'), staleness: undefined }]);
    const [own] = keys.filter((it) =>
      query.local.held().some(({ partition: at }) => at === query.local.partitionOf(it)),
    );
    expect((await query.get(own)).from).toMatchObject([{ member: undefined }]);
    expect(group.asked).toHaveLength(1);
  });

  test('of a store that is not keyed by the partition ask all members', async () => {
    await start(0, 'a', 'b');
    for (const name of ['a', 'b']) {
      const { rows, from } = await (await group.query(name, 'memory')).get('x');
      const partitions = rows.map(({ partition }) => partition);
      expect(from.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
      expect(partitions).toEqual([...new Set(partitions)].sort((a, b) => a - b));
      expect(rows.length).toBeGreaterThan(1);
      expect(keys).toContain(rows[0]?.value);
    }
  });

  test('give ranges of all members in order of keys, page by page', async () => {
    await start(0, 'a', 'b');
    const query = await group.query('b');
    expect((await query.range()).rows.map(({ key }) => key)).toEqual(sorted);
    const pages: unknown[][] = [];
    let after: Awaited<ReturnType<typeof query.range>>['next'];
    do {
      const page = await query.range({ from: 'k1', to: 'k7', limit: 3, ...(after && { after }) });
      pages.push(page.rows.map(({ key }) => key));
      after = page.next;
    } while (after !== undefined);
    expect(pages).toEqual([
      ['k1', 'k10', 'k11'],
      ['k2', 'k3', 'k4'],
      ['k5', 'k6'],
    ]);
  });

  test('lose no row of a page that ends between two partitions with the same key', async () => {
    await start(0, 'a', 'b');
    const query = await group.query('a', 'memory');
    const all = (await query.get('x')).rows.map(({ partition }) => partition);
    const seen: number[] = [];
    let after: Awaited<ReturnType<typeof query.range>>['next'];
    do {
      const page = await query.range({ limit: 1, ...(after && { after }) });
      seen.push(...page.rows.map(({ partition }) => partition));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(all);
  });

  test.each([0, 10_001, 1.5])('refuse a limit of %s', async (limit) => {
    await start(0, 'a');
    await expect((await group.query('a')).range({ limit })).rejects.toMatchObject({
      code: 'QUERY_LIMIT',
      message: `limit is ${limit}; it must be a whole number from 1 to 10000`,
    });
  });

  test('are answered by a copy that is here, if it may be stale, and say how stale it is', async () => {
    await start(1, 'a', 'b');
    const query = await group.query('a');
    const { rows, from } = await query.get(await keyElsewhere('a'), { maxStaleness: '2s' });
    expect(rows).toMatchObject([{ value: 1 }]);
    expect(from).toMatchObject([{ role: 'standby', member: undefined, staleness: { records: 0 } }]);
    expect(from[0]?.staleness?.ms).toBeLessThanOrEqual(1000);
    expect(group.asked).toEqual([]);
  });

  test('ask the owner where the copy that is here is staler than it may be', async () => {
    await start(1, 'a', 'b');
    const query = await group.query('a');
    const key = await keyElsewhere('a');
    group.cluster.clock.advanceTo(group.cluster.clock.now() + 5000);
    expect((await query.get(key, { maxStaleness: '2s' })).from).toMatchObject([
      { role: 'active', member: group.url('b') },
    ]);
  });

  test('are answered by a standby when the owner is dead, and refused where none may', async () => {
    await start(1, 'a', 'b', 'c');
    const [key] = keys;
    const { from } = await (await group.query('a')).get(key);
    const owner = [...group.servers].find(([name, { endpoint }]) =>
      from[0]?.member === undefined ? name === 'a' : endpoint === from[0].member,
    )?.[0] as string;
    const asker = ['a', 'b', 'c'].find((it) => it !== owner) as string;
    const query = await group.query(asker);
    await group.servers.get(owner)?.close();
    await expect(query.get(key)).rejects.toMatchObject({
      code: 'QUERY_UNREACHABLE',
      retryAfterMs: 1000,
      message: `the owner of partition ${query.local.partitionOf(key)} of store "by-key", ${group.url(owner)}, does not answer (ECONNREFUSED) (standbys were not asked: say how stale an answer may be); ask again when it is back, or its tasks have moved`,
    });
    for (const other of ['a', 'b', 'c'].filter((it) => it !== owner)) {
      const answer = await (await group.query(other)).get(key, { maxStaleness: '5s' });
      expect(answer).toMatchObject({ rows: [{ key, value: 1 }], from: [{ role: 'standby' }] });
    }
  });

  test('are refused while a partition is being restored', async () => {
    await start(0, 'a');
    const release = group.cluster.log.cluster.transactions.holdMarkers('shop', () => true);
    await group.cluster.send('words', ...keys.map((key) => plain(key, 'x', 1)));
    for (let i = 0; i < 20; i++) await group.cluster.turn();
    group.cluster.kill('a');
    await group.start('b');
    for (let i = 0; i < 20; i++) await group.cluster.turn();
    const query = await group.query('b');
    await expect(query.get('k1')).rejects.toMatchObject({ code: 'QUERY_RESTORING' });
    await expect(query.range()).rejects.toMatchObject({ code: 'QUERY_RESTORING' });
    release();
  });

  test('make one hop only: who is asked by a member asks nobody', async () => {
    await start(0, 'a', 'b');
    const query = await group.query('a');
    const key = await keyElsewhere('b');
    const partition = query.local.partitionOf(key);
    const response = await fetch(
      `${group.url('b')}/members/shop/by-key?partitions=${partition}&key=${key}&limit=1`,
    );
    expect(await response.json()).toEqual({ rows: [], more: false, from: [], restoring: [] });
    expect(group.asked).toEqual([]);
  });
});
