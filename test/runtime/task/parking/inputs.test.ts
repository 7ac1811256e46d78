import { describe, expect, test } from 'vitest';
import { TopologyDriver, type TopicRecord } from '../../../../runtime/testing/index.ts';
import { definitionOf } from '../../topology.ts';
import { failures } from './topologies.ts';

const definition = definitionOf(`
application: inputs
streams:
  first:   { topic: first, key: string, value: long }
  second:  { topic: second, key: string, value: long }
  results: { topic: results, key: string, value: long }
tables:
  names:   { topic: names, key: string, value: long, cleanup: compact }
stages:
  both:    { from: [first, second] }
  named:   { from: both, join: { with: names, kind: left, expr: 'right == null ? value : value + right' } }
  checked: { from: named, map-values: { use: check } , to: results }
  rows:    { from: names, map-values: { use: check-name } }
  shown:   { from: rows, to-stream: {}, to: results }
errors: { default: { dead-letter: letters, park-by-key: {} } }
`);

async function start(bad: ReadonlySet<number>): Promise<TopologyDriver> {
  const check = (value: number): number => {
    if (bad.has(value)) throw new Error(`not ${value}`);
    return value;
  };
  const functions = { check, 'check-name': check };
  return TopologyDriver.start({ definition, functions, partitions: 2 });
}

async function values(driver: TopologyDriver): Promise<readonly unknown[]> {
  return (await driver.all('results')).map(({ value }) => value);
}

describe('a task with several inputs', () => {
  test('parks a key over all of its streams', async () => {
    const bad = new Set([2]);
    const driver = await start(bad);
    await driver.pipe('first', { key: 'a', value: 2 });
    await driver.pipe('second', { key: 'a', value: 3 }, { key: 'b', value: 4 });
    await driver.pipe('first', { key: 'a', value: 5 });
    expect(await values(driver)).toEqual([4]);
    bad.clear();
    const [letter] = await driver.all('letters');
    await driver.release(letter as TopicRecord);
    const results = await driver.all('results');
    expect(results.filter(({ key }) => key === 'a').map(({ value }) => value)).toEqual([2, 3, 5]);
    await driver.close();
  });

  test('holds no record of a table, and parks no key for one', async () => {
    const bad = new Set([2, 100]);
    const driver = await start(bad);
    await driver.pipe('first', { key: 'a', value: 2 });
    await driver.pipe('names', { key: 'a', value: 10 });
    expect(await values(driver)).toEqual([10]);
    await driver.pipe('names', { key: 'b', value: 100 });
    await driver.pipe('first', { key: 'b', value: 7 });
    expect(await values(driver)).toContain(7);
    expect(failures(await driver.all('letters')).toSorted()).toEqual(['0: 1/0', '1: not parked']);
    // What was held meets the row that there is when its turn comes.
    bad.clear();
    const parked = (await driver.all('letters')).filter((it) => failures([it])[0] === '0: 1/0');
    await driver.release(parked[0] as TopicRecord);
    expect(await values(driver)).toContain(12);
    await driver.close();
  });

  test('keeps keys of its other tasks apart', async () => {
    const driver = await start(new Set([2]));
    // The same key in two partitions: two tasks.
    await driver.pipe('first', { key: 'a', value: 2, partition: 0 });
    await driver.pipe('first', { key: 'a', value: 3, partition: 1 });
    expect(await values(driver)).toEqual([3]);
    await driver.close();
  });
});
