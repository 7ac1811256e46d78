import { describe, expect, test } from 'vitest';
import { TopologyDriver, type TopicRecord } from '../../../../runtime/testing/index.ts';
import type { ParkByKey } from '../../../../topology/index.ts';
import { failing, numbers, parkingStage } from './topologies.ts';

const bad = new Set([2]);

async function start(parkByKey: Partial<ParkByKey>): Promise<TopologyDriver> {
  return TopologyDriver.start({
    definition: parkingStage(parkByKey),
    functions: { run: failing(bad) },
    partitions: 1,
  });
}

async function values(driver: TopologyDriver): Promise<readonly unknown[]> {
  return (await driver.all('results')).map(({ value }) => value);
}

async function letter(driver: TopologyDriver): Promise<TopicRecord> {
  return (await driver.all('one.dead-letters')).at(-1) as TopicRecord;
}

function heldRecords(driver: TopologyDriver): number {
  return driver.rows('run-parked').filter(({ key }) => String(key).startsWith('h')).length;
}

const full = 'task run_0 holds 3 records of 1 key behind dead letters, and "park-by-key" allows 3';
const remedy =
  'mend the cause and send the dead letters on (millrace dlq redrive) or give them up (millrace dlq discard), or allow more ("most"); nothing is lost';

describe('park-by-key, when as many records are held as it allows', () => {
  test('takes no more input, says so once, and goes on when there is room', async () => {
    const driver = await start({ most: 3 });
    await driver.send('numbers', ...numbers('a', 1, 2, 3, 4, 5), ...numbers('b', 6, 7));
    await driver.settle();
    await driver.advance('1m');
    expect([await values(driver), heldRecords(driver)]).toEqual([[1], 3]);
    expect(driver.reports).toEqual([
      `${full}: it takes no further input until there is room; ${remedy}`,
    ]);
    await driver.release(await letter(driver), { action: 'discard' });
    expect(await values(driver)).toEqual([1, 3, 4, 5, 6, 7]);
    await driver.send('numbers', ...numbers('a', 2, 3, 4, 5));
    await driver.settle();
    expect(driver.reports).toHaveLength(2);
    await driver.close();
  });

  test('never takes more in one batch than there is room for', async () => {
    const driver = await start({ most: 2 });
    const records = Array.from({ length: 10 }, (_, i) => numbers(`k${i}`, 2)).flat();
    await driver.send('numbers', ...records);
    await driver.settle();
    expect(heldRecords(driver)).toBe(2);
    expect(await driver.all('one.dead-letters')).toHaveLength(2);
    await driver.close();
  });

  test('has replies, ticks and released records go on', async () => {
    let ticks = 0;
    const definition = parkingStage(
      { most: 1 },
      'punctuate: { tick: { every: 1s, by: wall-clock } },',
    );
    const driver = await TopologyDriver.start({
      definition,
      functions: {
        run: (
          inputs: Parameters<ReturnType<typeof failing>>[0] & {
            tick: { subscribe: (next: () => void) => void };
          },
          context: never,
        ) => {
          inputs.tick.subscribe(() => void ticks++);
          return failing(bad)(inputs, context);
        },
      },
      partitions: 1,
    });
    await driver.pipe('numbers', ...numbers('a', 2, 3));
    await driver.advance('5s');
    expect(ticks).toBe(5);
    await driver.close();
  });

  test('stops the application if it says so, and loses nothing', async () => {
    const driver = await start({ most: 3, whenFull: 'stop' });
    await driver.send('numbers', ...numbers('a', 1, 2, 3, 4));
    await driver.settle();
    const stopped = { code: 'PARKED_FULL', message: `${full}; ${remedy}` };
    await driver.send('numbers', ...numbers('a', 5), ...numbers('b', 6));
    await expect(driver.settle()).rejects.toMatchObject(stopped);
    // It was committed before: what is held can be released by the next start.
    expect(await values(driver)).toEqual([1]);
    await driver.crash();
    await expect(driver.settle()).rejects.toMatchObject(stopped);
    const found = await letter(driver);
    await expect(driver.release(found, { action: 'discard' })).rejects.toMatchObject(stopped);
    await driver.crash();
    await driver.settle();
    expect(await values(driver)).toEqual([1, 3, 4, 5, 6]);
    await driver.close();
  });

  test('stops only after what is held is committed, however small the bound is', async () => {
    const driver = await start({ most: 1, whenFull: 'stop' });
    await driver.send('numbers', ...numbers('a', 2, 3));
    await expect(driver.settle()).rejects.toMatchObject({ code: 'PARKED_FULL' });
    expect(await driver.all('one.dead-letters')).toHaveLength(1);
    await driver.close();
  });
});
