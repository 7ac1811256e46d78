import { describe, expect, test } from 'vitest';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import { definitionOf } from '../topology.ts';

const definition = definitionOf(`
application: backed
streams:
  asked:   { topic: asked, key: string, value: long }
  answers: { topic: answers, key: string, value: long }
  changes: { topic: changes, key: string, value: long }
tables:
  prices: { topic: prices, key: string, value: long, cleanup: compact }
stages:
  look-up: { from: asked, join: { with: prices, expr: right }, to: answers }
  checked: { from: prices, map-values: { use: check } }
  send:    { from: checked, to-stream: {}, to: changes }
errors: { default: { dead-letter: backed.dead-letters } }
`);

const now = 1_000_000_000;

async function start(): Promise<TopologyDriver> {
  return TopologyDriver.start({
    definition,
    functions: {
      check: (value: number) => {
        if (value < 0) throw new Error('a negative price');
        return value;
      },
    },
    partitions: 1,
    startMs: now,
    options: { 'max-future': '1h' },
  });
}

/** Rows of the table, then those that are restored onto an empty disk. */
async function beforeAndAfter(driver: TopologyDriver): Promise<readonly (readonly unknown[])[]> {
  const before = driver.rows('prices');
  await driver.state.wipe('prices', 0);
  await driver.crash();
  return [before, driver.rows('prices')].map((rows) =>
    rows.map(({ key, value, time }) => [key, value, time]),
  );
}

describe('a record that its table refused', () => {
  test('is a dead letter and no row where its key is too long for a store', async () => {
    const driver = await start();
    const long = { key: 'k'.repeat(2000), value: 2, time: 5 };
    await driver.pipe('prices', { key: 'a', value: 1, time: 5 }, long);
    expect(await driver.all('backed.dead-letters')).toHaveLength(1);
    const rows = [['a', 1, 5]];
    expect(await beforeAndAfter(driver)).toEqual([rows, rows]);
    await driver.close();
  });

  test.each([
    ['comes from the future', { value: 2, time: now * 2 }],
    ['fails further down', { value: -2, time: now }],
    ['deletes the row in the future', { value: null, time: now * 2 }],
  ])('is no row when the table is restored, where it %s', async (_, refused) => {
    const driver = await start();
    await driver.pipe('prices', { key: 'a', value: 1, time: 5 }, { key: 'a', ...refused });
    await driver.pipe('prices', { key: 'b', ...refused }, { key: 'c', value: 3, time: 6 });
    expect(await driver.all('backed.dead-letters')).toHaveLength(2);
    const rows = [
      ['a', 1, 5],
      ['c', 3, 6],
    ];
    expect(await beforeAndAfter(driver)).toEqual([rows, rows]);
    await driver.close();
  });

  test('gives way to the next one of its key', async () => {
    const driver = await start();
    for (const value of [1, -1, 2, -2, 3]) {
      await driver.pipe('prices', { key: 'a', value, time: value + 10 });
    }
    await driver.pipe('prices', { key: 'b', value: 1, time: 1 });
    await driver.pipe('prices', { key: 'b', value: -1, time: 1 }, { key: 'b', value: null });
    const rows = [['a', 3, 13]];
    expect(await beforeAndAfter(driver)).toEqual([rows, rows]);
    await driver.close();
  });

  test('hides the row before it, which compaction took away, from nobody', async () => {
    const driver = await start();
    await driver.pipe('prices', { key: 'a', value: 1, time: 5 }, { key: 'a', value: -2, time: 6 });
    const long = 'x'.repeat(1500);
    await driver.send(
      'prices',
      ...Array.from({ length: 1000 }, (_, i) => ({ key: `${long}${i % 2}`, value: i, time: 7 })),
    );
    await driver.settle();
    await driver.log.maintain();
    expect((await driver.all('prices')).map(({ value }) => value)).toEqual([-2, 998, 999]);
    const [before, after] = await beforeAndAfter(driver);
    expect(after).toEqual(before);
    expect(after?.[0]).toEqual(['a', 1, 5]);
    await driver.close();
  });
});
