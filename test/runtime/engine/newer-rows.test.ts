import { afterEach, describe, expect, test } from 'vitest';
import type { PlainRecord } from '../codec/records.ts';
import { Cluster } from './cluster.ts';

const topology = `
application: totals
streams:
  sold: { topic: sold, key: string, value: shop.Total }
  sums: { topic: sums, key: string, value: shop.Total, format: json }
stages:
  total:
    from: sold
    group-by-key: true
    reduce: { add: { as: shop.Total, set: { cents: aggregate.cents + value.cents } } }
  publish: { from: total, to-stream: {}, to: sums }
errors: { default: { dead-letter: totals.dead-letters } }
`;

const fields = '{ "name": "cents", "type": "long" }';
const older = `{ "type": "record", "name": "shop.Total", "fields": [ ${fields} ] }`;
const newer = older.replace(
  fields,
  `${fields}, { "name": "note", "type": "string", "default": "none" }`,
);

const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('rows that a newer member of the group wrote', () => {
  let cluster: Cluster;
  afterEach(() => cluster.close());

  /** Sells for so many cents under each key. */
  async function sell(cents: number): Promise<void> {
    const id = await cluster.registry.register('sold-value', older);
    const value = Buffer.from([0, 0, 0, 0, id, cents * 2]);
    const records = keys.map((key): PlainRecord => ({
      time: 1,
      key: Buffer.from(key),
      value,
      headers: [],
    }));
    await cluster.send('sold', ...records);
    await cluster.settle();
  }

  /** Cents of the last sum of each key. */
  async function sums(): Promise<readonly number[]> {
    const last = new Map<string, number>();
    for (const { key, value } of await cluster.read('sums')) {
      last.set(String(key), (JSON.parse(String(value)) as { cents: number }).cents);
    }
    return keys.map((key) => last.get(key) ?? 0);
  }

  /** Two members, the second of a newer release; each has a part of the tasks, and has stored rows. */
  async function both(): Promise<void> {
    cluster = new Cluster(topology, { schemas: [older] });
    await cluster.createTopics();
    await cluster.start('old');
    await cluster.start('new', { schemas: [newer] });
    await cluster.settle();
    await sell(5);
    expect(cluster.engine('new').tasks.length).toBeGreaterThan(0);
    expect(await cluster.registry.versions('totals-total-changelog-value')).toHaveLength(2);
  }

  test('are read by an older one that takes over and runs since before', async () => {
    await both();
    await cluster.stop('new');
    await cluster.settle();
    await sell(2);
    expect(await cluster.read('totals.dead-letters')).toEqual([]);
    expect(await sums()).toEqual(keys.map(() => 7));
  });

  test('let their task wait while the registry is down', async () => {
    await both();
    cluster.registry.down = true;
    await cluster.stop('new');
    await sell(2);
    expect(await sums()).toContain(5);
    expect(cluster.engine('old').failure).toBeUndefined();
    cluster.registry.down = false;
    await cluster.advance(1000);
    expect(await sums()).toEqual(keys.map(() => 7));
    expect(await cluster.read('totals.dead-letters')).toEqual([]);
    expect(cluster.members.get('old')?.reports).toContainEqual(
      expect.stringMatching(/^partitions wait for schema \d+: connection refused/),
    );
  });
});

describe('rows that an older release wrote', () => {
  test('are read as they are, and stay so until their key has a new value', async () => {
    const cluster = new Cluster(topology, { schemas: [older] }, 1);
    await cluster.createTopics();
    await cluster.start('one');
    const id = await cluster.registry.register('sold-value', older);
    const sold = (key: string, cents: number): PlainRecord => {
      const value = Buffer.from([0, 0, 0, 0, id, cents * 2]);
      return { time: 1, key: Buffer.from(key), value, headers: [] };
    };
    const ids = async (): Promise<readonly unknown[]> =>
      (await cluster.read('totals-total-changelog')).map(({ key, value }) => [
        String(key),
        value?.readUInt32BE(1),
      ]);
    await cluster.send('sold', sold('a', 5), sold('b', 6));
    await cluster.settle();
    await cluster.stop('one');
    await cluster.start('one', { schemas: [newer] });
    await cluster.settle();
    const [first, second] = (await cluster.registry.versions('totals-total-changelog-value')).map(
      ([, version]) => version,
    );
    expect(await ids()).toEqual([
      ['a', first],
      ['b', first],
    ]);
    await cluster.send('sold', sold('a', 1));
    await cluster.settle();
    expect(await ids()).toEqual([
      ['a', first],
      ['b', first],
      ['a', second],
    ]);
    expect(String((await cluster.read('sums')).at(-1)?.value)).toBe('{"cents":6,"note":"none"}');
    await cluster.close();
  });
});
