import { describe, expect, test } from 'vitest';
import { TopologyDriver, type TopicRecord } from '../../../../runtime/testing/index.ts';
import { definitionOf } from '../../topology.ts';
import { failures } from './topologies.ts';

/** A stage with a policy of its own between two of the default one. */
function threeStages(own: string, fallback: string) {
  return definitionOf(`
application: three
streams:
  numbers: { topic: numbers, key: string, value: long }
  results: { topic: results, key: string, value: long }
stages:
  first:  { from: numbers, map-values: { use: first } }
  second: { from: first, map-values: { use: second }, errors: { ${own} } }
  third:  { from: second, map-values: { use: third }, to: results }
errors: { default: { ${fallback} } }
`);
}

const parks = 'dead-letter: parking, park-by-key: {}';
const plain = 'dead-letter: plain';

async function start(own: string, fallback: string, bad: Record<string, Set<number>>) {
  const fails = (stage: string) => (value: number) => {
    if (bad[stage]?.has(value) === true) throw new Error(`${stage}: not ${value}`);
    return value;
  };
  const names = ['first', 'second', 'third'];
  return TopologyDriver.start({
    definition: threeStages(own, fallback),
    functions: Object.fromEntries(names.map((name) => [name, fails(name)])),
    partitions: 1,
  });
}

async function send(driver: TopologyDriver, ...values: readonly number[]): Promise<void> {
  await driver.send('numbers', ...values.map((value) => ({ key: 'a', value, time: value })));
  await driver.settle();
}

async function values(driver: TopologyDriver): Promise<readonly unknown[]> {
  return (await driver.all('results')).map(({ value }) => value);
}

async function last(driver: TopologyDriver, topic: string): Promise<TopicRecord> {
  return (await driver.all(topic)).at(-1) as TopicRecord;
}

describe('a stage whose errors have a policy of their own', () => {
  test('parks where the default does not', async () => {
    const driver = await start(parks, plain, { first: new Set([1]), second: new Set([3]) });
    await send(driver, 1, 2, 3, 4);
    expect(failures(await driver.all('plain'))).toEqual(['0: not parked']);
    expect(failures(await driver.all('parking'))).toEqual(['2: 1/0']);
    expect(await values(driver)).toEqual([2]);
    await driver.close();
  });

  test('parks nothing where the default does', async () => {
    const driver = await start(plain, parks, { second: new Set([1]), third: new Set([3]) });
    await send(driver, 1, 2, 3, 4);
    expect(failures(await driver.all('plain'))).toEqual(['0: not parked']);
    expect(failures(await driver.all('parking'))).toEqual(['2: 1/0']);
    expect(await values(driver)).toEqual([2]);
    await driver.close();
  });
});

describe('a released record that fails in a stage', () => {
  test('that does not park is a plain dead letter, and those behind it follow', async () => {
    const bad = { second: new Set([2, 4]), third: new Set([1]) };
    const driver = await start(plain, parks, bad);
    await send(driver, 1, 2, 3, 4, 5);
    bad.third.clear();
    await driver.release(await last(driver, 'parking'));
    expect(failures(await driver.all('plain'))).toEqual(['1: not parked', '3: not parked']);
    expect(await values(driver)).toEqual([1, 3, 5]);
    expect(driver.rows('first-parked')).toHaveLength(1);
    await driver.close();
  });

  test('whose policy is to fail stops the application, and is held as before', async () => {
    const bad = { second: new Set([2]), third: new Set([1]) };
    const driver = await start('fail: true', parks, bad);
    await send(driver, 1, 2, 3);
    bad.third.clear();
    await expect(driver.release(await last(driver, 'parking'))).rejects.toMatchObject({
      code: 'STAGE_FAILED_FATAL',
    });
    bad.second.clear();
    await driver.crash();
    await driver.settle();
    expect(await values(driver)).toEqual([1, 2, 3]);
    await driver.close();
  });
});
