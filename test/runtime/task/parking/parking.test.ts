import { describe, expect, test } from 'vitest';
import { TopologyDriver, type TopicRecord } from '../../../../runtime/testing/index.ts';
import { failing, failures, numbers, parkingStage } from './topologies.ts';

async function results(driver: TopologyDriver): Promise<readonly (readonly [unknown, unknown])[]> {
  return (await driver.all('results')).map(({ key, value }) => [key, value]);
}

async function letters(driver: TopologyDriver): Promise<readonly TopicRecord[]> {
  return driver.all('one.dead-letters');
}

describe('a record that fails under park-by-key', () => {
  test('holds later records of its key, and lets those of others pass', async () => {
    const driver = await TopologyDriver.start({
      definition: parkingStage(),
      functions: { run: failing(new Set([2])) },
      partitions: 1,
      startMs: 500,
    });
    await driver.send('numbers', ...numbers('a', 1, 2, 3), ...numbers('b', 4), ...numbers('a', 5));
    await driver.settle();
    expect(await results(driver)).toEqual([
      ['a', 1],
      ['b', 4],
    ]);
    expect(failures(await letters(driver))).toEqual(['1: 1/500']);
    expect(driver.outcomes('numbers')).toEqual({ in: 5, out: 3, emitted: 3, parked: 2 });
    expect(driver.outcomes('run')).toEqual({ in: 3, out: 2, emitted: 2, deadLettered: 1 });
    await driver.close();
  });

  test('enters the topology again when it is released, and the others follow in order', async () => {
    const bad = new Set([2]);
    const driver = await TopologyDriver.start({
      definition: parkingStage(),
      functions: { run: failing(bad) },
      partitions: 1,
    });
    await driver.send('numbers', ...numbers('a', 1, 2, 3, 4));
    await driver.settle();
    bad.clear();
    const [letter] = await letters(driver);
    await driver.release(letter as TopicRecord);
    expect((await results(driver)).map(([, value]) => value)).toEqual([1, 2, 3, 4]);
    await driver.pipe('numbers', ...numbers('a', 5));
    expect((await results(driver)).map(([, value]) => value)).toEqual([1, 2, 3, 4, 5]);
    await driver.close();
  });
});
