import { tap } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import type { ProcessStage, StreamRecord } from '../../../processors/index.ts';
import type { StoreView } from '../../../runtime/queries/store-view.ts';
import { partitionOf } from '../../../topology/core/murmur2.ts';
import { plain } from '../codec/records.ts';
import { Cluster } from '../engine/cluster.ts';

const topology = `
application: kinds
streams:
  words:   { topic: words, key: string, value: string, format: string }
  counts:  { topic: counts, key: string, value: long }
  results: { topic: results, key: string, value: string, format: string }
  named:   { topic: named, key: string, value: string, format: string }
tables:
  names: { topic: names, key: string, value: string, format: string, global: true, cleanup: compact }
stores:
  memory: { key: string, value: string, ttl: 1h }
stages:
  by-key:  { from: words, group-by-key: true, count: {} }
  changes: { from: by-key, to-stream: {}, to: counts }
  run:     { in: { in: words }, process: run, stores: [memory], out: { out: { key: string, value: string } } }
  send:    { from: run.out, to: results }
  look-up: { from: words, join: { with: names, kind: left, on: value, expr: 'right == null ? "?" : right' }, to: named }
`;

type Text = StreamRecord<string, string>;
const run: ProcessStage<{ readonly in: Text }, { readonly out: Text }> = (inputs, context) => {
  const memory = context.store('memory');
  return { out: inputs.in.pipe(tap((it) => memory.put(it.key, it.value))) };
};

const hour = 3_600_000;

describe('a view', () => {
  let cluster: Cluster;

  async function start(text = topology): Promise<void> {
    cluster = new Cluster(text, { functions: { run } });
    await cluster.createTopics();
    await cluster.start('a');
  }

  const view = (store: string): Promise<StoreView> =>
    cluster.members.get('a')?.assembled?.queries.view(store) as Promise<StoreView>;

  afterEach(() => cluster.close());

  test('of a processor’s store does not know which partition has a key, and looks in all', async () => {
    await start();
    await cluster.send('words', plain('k', 'x', 1));
    await cluster.settle();
    const memory = await view('memory');
    expect(memory.partitionOf('k')).toBeUndefined();
    expect(await memory.get('k')).toMatchObject({ kind: 'found', row: { value: 'x' } });
    expect(await memory.get('none')).toMatchObject({ kind: 'absent', from: { length: 4 } });
    await cluster.start('b');
    await cluster.settle();
    expect(await memory.get('none')).toEqual({ kind: 'elsewhere', partition: undefined });
  });

  test('leaves out rows that have expired by the task’s committed stream time', async () => {
    await start();
    // Two keys of one partition: the later one moves the stream time on.
    const [first, second] = Array.from({ length: 50 }, (_, i) => `k${i}`).filter(
      (key) => partitionOf(Buffer.from(key), 4) === 0,
    ) as [string, string];
    await cluster.send('words', plain(first, 'x', 1));
    await cluster.settle();
    const memory = await view('memory');
    expect((await memory.range({ limit: 10 })).rows.map(({ key }) => key)).toEqual([first]);
    await cluster.send('words', plain(second, 'y', hour));
    await cluster.settle();
    expect(await memory.get(first)).toMatchObject({ kind: 'found' });
    await cluster.send('words', plain(second, 'y', hour + 1));
    await cluster.settle();
    expect(await memory.get(first)).toMatchObject({ kind: 'absent' });
    expect((await memory.range({ limit: 10 })).rows.map(({ key }) => key)).toEqual([second]);
  });

  test('of a global table is answered by every member', async () => {
    await start();
    await cluster.start('b');
    await cluster.send('names', plain('n', 'Ann', 1));
    await cluster.advance(2000);
    for (const member of ['a', 'b']) {
      const names = await cluster.members.get(member)?.assembled?.queries.view('names');
      expect(names?.partitionOf('n')).toBe(0);
      expect(await names?.get('n')).toMatchObject({
        kind: 'found',
        row: { value: 'Ann' },
        from: { role: 'global' },
      });
    }
  });

  test('does not trust keys to choose partitions where a sink chooses others', async () => {
    const again =
      '  again: { topic: again, key: string, value: string, format: string, partition-by: value }';
    await start(
      topology.replace('tables:', `${again}\ntables:`).replace('to: results }', 'to: again }') +
        '  more: { from: again, group-by-key: true, count: {} }\n' +
        '  sent: { from: more, to-stream: {}, to: counts }\n',
    );
    expect((await view('more')).partitionOf('k')).toBeUndefined();
    expect((await view('by-key')).partitionOf('k')).toBeTypeOf('number');
  });
});
