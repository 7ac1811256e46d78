import { describe, expect, test } from 'vitest';
import {
  type CrashPoint,
  type TopicRecord,
  TopologyDriver,
} from '../../../../runtime/testing/index.ts';
import { StreamsError } from '../../../../topology/core/errors.ts';
import { failing, failures, numbers, parkingStage } from './topologies.ts';

const points: readonly CrashPoint[] = [
  'batch.completed',
  'commit.begin',
  'commit.logged',
  'commit.applied',
];

/** Each record is a batch, and each batch a transaction. */
async function start(bad: ReadonlySet<number>): Promise<TopologyDriver> {
  return TopologyDriver.start({
    definition: parkingStage(),
    functions: { run: failing(bad) },
    partitions: 1,
    options: { 'batch-records': 1, commit: { 'max-bytes': 1 } },
  });
}

async function values(driver: TopologyDriver): Promise<readonly unknown[]> {
  return (await driver.all('results')).map(({ value }) => value);
}

async function lastLetter(driver: TopologyDriver): Promise<TopicRecord> {
  return (await driver.all('one.dead-letters')).at(-1) as TopicRecord;
}

describe('a crash while keys are parked', () => {
  test.each(points.flatMap((point) => [0, 1, 2].map((skip) => [point, skip] as const)))(
    'at %s (%i times passed) loses, doubles and reorders nothing',
    async (point, skip) => {
      const bad = new Set([2, 5]);
      const driver = await start(bad);
      driver.crashAt(point, skip);
      await driver.send('numbers', ...numbers('a', 1, 2, 3, 4, 5, 6, 7));
      await driver.settle();
      expect(await values(driver)).toEqual([1]);
      expect(failures(await driver.all('one.dead-letters'))).toEqual(['1: 1/0']);
      bad.delete(2);
      driver.crashAt(point, skip);
      await driver.release(await lastLetter(driver));
      expect(await values(driver)).toEqual([1, 2, 3, 4]);
      expect(failures(await driver.all('one.dead-letters'))).toEqual(['1: 1/0', '4: 2/0']);
      bad.clear();
      driver.crashAt(point, skip);
      await driver.send('numbers', ...numbers('a', 8));
      await driver.release(await lastLetter(driver));
      expect(await values(driver)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(driver.rows('run-parked')).toHaveLength(1);
      expect(driver.crashes).toBe(3);
      await driver.close();
    },
  );
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Lets the first commit from now on wait for `go`, and aborts the second. */
function abortSecond(driver: TopologyDriver, aborting: () => void = () => {}) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const state = { commits: 0, go: resolve };
  driver.log.onCommit = async ({ positions }) => {
    if (positions.length === 0) return;
    state.commits++;
    if (state.commits === 1) await promise;
    if (state.commits !== 2) return;
    aborting();
    throw new StreamsError('TRANSACTION_ABORTED', 'the test aborted it');
  };
  return state;
}

describe('a transaction that is aborted while a key is released', () => {
  test('leaves the key parked, where its record fails again then', async () => {
    const bad = new Set([2]);
    const driver = await TopologyDriver.start({
      definition: parkingStage(),
      functions: { run: failing(bad) },
      partitions: 1,
    });
    await driver.send('numbers', ...numbers('a', 2, 3));
    await driver.settle();
    bad.clear();
    const state = abortSecond(driver, () => bad.add(2));
    await driver.send('numbers', ...numbers('b', 9));
    const settled = driver.settle();
    await turns(20);
    const released = driver.release(await lastLetter(driver));
    await turns(60);
    // The key is free, as far as this batch knows.
    await driver.send('numbers', ...numbers('b', 10));
    await turns(20);
    state.go();
    await Promise.all([settled, released]);
    await driver.pipe('numbers', ...numbers('a', 4));
    expect(await values(driver)).toEqual([9, 10]);
    bad.clear();
    await driver.release(await lastLetter(driver));
    expect(await values(driver)).toEqual([9, 10, 2, 3, 4]);
    await driver.close();
  });

  test('is done again, though the one before it was committed meanwhile', async () => {
    const bad = new Set([2]);
    const driver = await TopologyDriver.start({
      definition: parkingStage(),
      functions: { run: failing(bad) },
      partitions: 1,
    });
    await driver.send('numbers', ...numbers('a', 2, 3));
    await driver.settle();
    bad.clear();
    const state = abortSecond(driver);
    await driver.send('numbers', ...numbers('b', 9));
    const settled = driver.settle();
    await turns(20);
    expect([state.commits, await values(driver)]).toEqual([1, []]);
    // While that is in commit the key is worked off and found free; then this goes wrong.
    const released = driver.release(await lastLetter(driver));
    await turns(60);
    expect(driver.rows('run-parked')).toHaveLength(1);
    state.go();
    await Promise.all([settled, released]);
    expect(await values(driver)).toEqual([9, 2, 3]);
    expect(state.commits).toBe(3);
    await driver.close();
  });
});
