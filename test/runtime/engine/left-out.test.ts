import { describe, expect, test } from 'vitest';
import type { ControlRecords } from '../../../runtime/engine/control-records.ts';
import { Standbys } from '../../../runtime/engine/standbys.ts';
import { StoreCopy } from '../../../runtime/engine/store-copy.ts';
import type { RunnableUnit } from '../../../runtime/engine/task-units.ts';
import type { UnitStore } from '../../../runtime/engine/unit-stores.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import type { Log, Ownership } from '../../../runtime/ports.ts';
import { MemoryStateBackend } from '../../../runtime/state/memory-backend.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import { batchOf, plain } from '../codec/records.ts';
import { definitionOf } from '../topology.ts';

/** Leaves out the first partition of every other fetch of several, as Kafka does while a leader moves. */
function leaveOut(log: Log): void {
  const fetch: Log['fetch'] = log.fetch.bind(log);
  let calls = 0;
  log.fetch = async (positions, limits) => {
    const all = await fetch(positions, limits);
    if (positions.length < 2) return all;
    calls += 1;
    return calls % 2 === 1 ? all.slice(1) : all;
  };
}

const nobody: Ownership = {
  assigned: async () => {},
  revoked: async () => {},
  lost: async () => {},
};

async function fill(log: Log, topic: string, keys: readonly string[]): Promise<void> {
  await log.admin.create({ name: topic, partitions: 1, cleanup: 'compact', retention: 'forever' });
  const membership = await log.join({ group: topic, topics: [], slot: topic }, nobody);
  const transactor = await log.transactor(topic);
  const batch = batchOf(...keys.map((key) => plain(key, `of ${topic}`)));
  const appends = [{ topic, partition: 0, batch, records: keys.length }];
  await transactor.commit({ appends, positions: [] }, membership);
  await transactor.close();
  await membership.leave();
}

describe('where a fetch leaves out a partition', () => {
  test('a standby takes the records of each changelog into its own store', async () => {
    const clock = new ManualClock();
    const log = new MemoryLog({ clock });
    const state = new MemoryStateBackend();
    await fill(log, 'one', ['a', 'b']);
    await fill(log, 'two', ['x', 'y', 'z']);
    leaveOut(log);
    const stores = ['one', 'two'].map((name) => {
      const store = { name, partition: 0, ttl: 'none' } as const;
      const copy = new StoreCopy({ log, state, clock, store, changelog: name, report: () => {} });
      return { plan: { sourceBacked: false }, copy } as unknown as UnitStore;
    });
    const failures: unknown[] = [];
    const standbys = new Standbys({
      factory: { standby: async () => ({ stores, control: {} as ControlRecords }) },
      log,
      clock,
      group: 'g',
      failed: (error) => failures.push(error),
    });
    await standbys.set([{ id: 't', topology: { stores } } as unknown as RunnableUnit]);
    await expect
      .poll(() => [standbys.lag('t', 'one'), standbys.lag('t', 'two')])
      .toEqual([
        { records: 0, asOfMs: 0 },
        { records: 0, asOfMs: 0 },
      ]);
    const keysOf = (store: string): string[] =>
      [...state.open(store, 0).range(undefined, undefined)].map(([key]) => String(key));
    expect(keysOf('one')).toEqual(['a', 'b']);
    expect(keysOf('two')).toEqual(['x', 'y', 'z']);
    expect(['one', 'two'].map((store) => state.open(store, 0).position())).toEqual([2, 3]);
    expect(failures).toEqual([]);
    await standbys.close();
  });

  test('a global table takes the rows of each partition once', async () => {
    const driver = await TopologyDriver.start({
      definition: definitionOf(`
application: world
streams:
  asked:   { topic: asked, key: string, value: string }
  answers: { topic: answers, key: string, value: string }
tables:
  names: { topic: names, key: string, value: string, global: true }
stages:
  look-up: { from: asked, join: { with: names, kind: left, on: value, expr: 'right == null ? "?" : right' }, to: answers }
`),
    });
    leaveOut(driver.log);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const round of [1, 2, 3]) {
      await driver.pipe('names', ...keys.map((key) => ({ key, value: `${key}${round}` })));
    }
    await driver.pipe('names', { key: 'z', value: 'last' }, { key: 'y', value: 'last' });
    for (const key of keys) await driver.pipe('asked', { key: `asks ${key}`, value: key, time: 1 });
    const answers = (await driver.read('answers')).map(({ value }) => value);
    expect(new Set(answers)).toEqual(new Set(keys.map((key) => `${key}3`)));
    await driver.close();
  });
});
