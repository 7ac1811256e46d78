import { describe, expect, test } from 'vitest';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import type { Transaction } from '../../../runtime/ports.ts';
import { StreamsError } from '../../../topology/core/errors.ts';
import { definitionOf } from '../topology.ts';

const counting = definitionOf(`
application: counting
streams:
  words:  { topic: words, key: string, value: long }
  counts: { topic: counts, key: string, value: long }
stages:
  by-key:  { from: words, group-by-key: true, count: {} }
  changes: { from: by-key, to-stream: {}, to: counts }
`);

const aborted = () => new StreamsError('TRANSACTION_ABORTED', 'the test aborted it');
const isOurs = ({ positions }: Transaction): boolean => positions.length > 0;

async function counts(driver: TopologyDriver): Promise<readonly unknown[]> {
  return (await driver.all('counts')).map(({ value }) => value);
}

describe('an aborted transaction', () => {
  test('leaves nothing, and its input is taken again', async () => {
    const driver = await TopologyDriver.start({ definition: counting, partitions: 1 });
    await driver.pipe('words', { key: 'a', value: 0, time: 1 });
    let aborts = 0;
    driver.log.onCommit = async (transaction) => {
      if (isOurs(transaction) && aborts++ < 3) throw aborted();
    };
    await driver.pipe('words', { key: 'a', value: 0, time: 2 });
    expect(aborts).toBe(4);
    expect(await counts(driver)).toEqual([1, 2]);
    expect(driver.get('by-key', 'a')).toBe(2);
    expect(driver.outcomes('by-key')).toEqual({ in: 2, out: 2, emitted: 2 });
    await driver.close();
  });

  test('takes what was processed on top of it along (E2)', async () => {
    const driver = await TopologyDriver.start({
      definition: counting,
      partitions: 1,
      options: { 'batch-records': 1, commit: { 'max-bytes': 1 } },
    });
    let ours = 0;
    const { promise, reject } = Promise.withResolvers<void>();
    driver.log.onCommit = async (transaction) => {
      if (isOurs(transaction) && ours++ === 0) await promise;
    };
    await driver.send('words', ...[1, 2, 3].map((time) => ({ key: 'a', value: 0, time })));
    // The first batch is in commit while the others are processed on top of it.
    const settled = driver.settle();
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(await counts(driver)).toEqual([]);
    reject(aborted());
    await settled;
    expect(await counts(driver)).toEqual([1, 2, 3]);
    await driver.close();
  });

  test('is no way out for a fenced member: it fails, and leaves nothing', async () => {
    const driver = await TopologyDriver.start({ definition: counting, partitions: 1 });
    await driver.log.transactor('driver');
    await driver.send('words', { key: 'a', value: 0, time: 1 });
    await expect(driver.settle()).rejects.toMatchObject({ code: 'FENCED' });
    expect(await counts(driver)).toEqual([]);
    await driver.close();
  });
});

describe('an application that starts again', () => {
  test('goes on where it ended, with its store and counters, after close and after a crash', async () => {
    const driver = await TopologyDriver.start({ definition: counting, partitions: 1 });
    for (let i = 0; i < 5; i++) {
      await driver.pipe('words', { key: 'a', value: 0, time: i });
      await driver.crash();
    }
    await driver.settle();
    expect(await counts(driver)).toEqual([1, 2, 3, 4, 5]);
    const [control] = Object.values(driver.controls());
    expect(control).toMatchObject({
      times: { streamTime: 4, partitionTimes: { words: 4 } },
      positions: { words: 5 },
      outcomes: { words: { in: 5, out: 5, emitted: 5 } },
    });
    await driver.close();
  });

  test('restores its store from the changelog where the disk is gone', async () => {
    const driver = await TopologyDriver.start({ definition: counting, partitions: 1 });
    await driver.pipe('words', ...[1, 2, 3].map((time) => ({ key: 'a', value: 0, time })));
    await driver.state.wipe('by-key', 0);
    await driver.crash();
    expect(driver.get('by-key', 'a')).toBe(3);
    await driver.pipe('words', { key: 'a', value: 0, time: 4 });
    expect(await counts(driver)).toEqual([1, 2, 3, 4]);
    await driver.close();
  });
});
