import { describe, expect, test } from 'vitest';
import {
  expectCutIndependent,
  type TopicRecord,
  TopologyDriver,
} from '../../../../runtime/testing/index.ts';
import { definitionOf } from '../../topology.ts';
import { failing, numbers, parkingStage } from './topologies.ts';

/** {@link parkingStage} that stops when more than half of four records or more fail. */
function halting() {
  const definition = parkingStage();
  const policy = definition.errors?.default as { readonly deadLetter: string };
  const haltAbove = { share: 0.5, records: 4, perMs: 60_000 };
  return { ...definition, errors: { default: { ...policy, haltAbove } } };
}

async function start(bad: ReadonlySet<number>): Promise<TopologyDriver> {
  const functions = { run: failing(bad) };
  return TopologyDriver.start({ definition: halting(), functions, partitions: 1 });
}

describe('the share of records that fail', () => {
  test('leaves out those that are held', async () => {
    const driver = await start(new Set([2]));
    await driver.send('numbers', ...numbers('a', 2, 3, 4, 5, 6, 7, 8, 9));
    await driver.settle();
    const failures = [numbers('b', 2), numbers('c', 2), numbers('d', 2)].flat();
    await driver.send('numbers', ...failures);
    await expect(driver.settle()).rejects.toMatchObject({ code: 'HALT_ABOVE' });
    await driver.close();
  });

  test('counts those that are released, but not what is given up', async () => {
    const bad = new Set([2]);
    const driver = await start(bad);
    await driver.send('numbers', ...numbers('a', 2, 3, 4, 5), ...numbers('b', 2, 3));
    await driver.settle();
    bad.clear();
    // 2 of 2 so far; then four of four go through.
    const [a, b] = await driver.all('one.dead-letters');
    await driver.release(a as TopicRecord);
    await driver.release(b as TopicRecord, { action: 'discard' });
    bad.add(6);
    // 5 of 10.
    await driver.send('numbers', ...[numbers('c', 6), numbers('d', 6), numbers('e', 6)].flat());
    await driver.settle();
    bad.add(7);
    await driver.send('numbers', ...numbers('f', 7));
    await expect(driver.settle()).rejects.toMatchObject({ code: 'HALT_ABOVE' });
    await driver.close();
  });
});

test('what is held, counted and in the dead letters does not depend on where batches are cut', async () => {
  const definition = definitionOf(`
application: cuts
streams:
  numbers: { topic: numbers, key: string, value: long }
  results: { topic: results, key: string, value: long }
stages:
  checked: { from: numbers, map-values: { use: check } }
  counted: { from: checked, group-by-key: true, count: {} }
  sent:    { from: counted, to-stream: {}, to: results }
errors: { default: { dead-letter: letters, park-by-key: { most: 6 } } }
`);
  const check = (value: number): number => {
    if (value % 10 === 3) throw new Error('no');
    return value;
  };
  const records = Array.from({ length: 60 }, (_, i) => ({ key: `k${i % 7}`, value: i, time: i }));
  await expectCutIndependent({
    definition,
    functions: { check },
    inputs: [{ numbers: records.slice(0, 30) }, { numbers: records.slice(30) }],
    partitions: 2,
  });
});
