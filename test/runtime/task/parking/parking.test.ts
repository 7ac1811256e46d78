import { describe, expect, test } from 'vitest';
import { mapAsync } from '../../../../processors/index.ts';
import { TopologyDriver, type TopicRecord } from '../../../../runtime/testing/index.ts';
import { failing, failures, type NumStage, numbers, parkingStage } from './topologies.ts';

interface Parked {
  readonly driver: TopologyDriver;
  /** Values that fail. */
  readonly bad: Set<number>;
}

async function start(
  bad: readonly number[],
  run: (bad: ReadonlySet<number>) => NumStage = failing,
  definition = parkingStage(),
): Promise<Parked> {
  const values = new Set(bad);
  const driver = await TopologyDriver.start({
    definition,
    functions: { run: run(values) },
    partitions: 1,
    startMs: 500,
  });
  return { driver, bad: values };
}

async function values(driver: TopologyDriver): Promise<readonly unknown[]> {
  return (await driver.all('results')).map(({ value }) => value);
}

async function letters(driver: TopologyDriver): Promise<readonly TopicRecord[]> {
  return driver.all('one.dead-letters');
}

async function lastLetter(driver: TopologyDriver): Promise<TopicRecord> {
  return (await letters(driver)).at(-1) as TopicRecord;
}

function held(driver: TopologyDriver): unknown {
  const [totals] = driver.rows('run-parked').filter(({ key }) => String(key) === 't');
  return totals === undefined ? undefined : JSON.parse(String(totals.value));
}

describe('a record that fails under park-by-key', () => {
  test('holds later records of its key, and lets those of others pass', async () => {
    const { driver } = await start([2]);
    await driver.send('numbers', ...numbers('a', 1, 2, 3), ...numbers('b', 4), ...numbers('a', 5));
    await driver.settle();
    expect((await driver.all('results')).map(({ key, value }) => [key, value])).toEqual([
      ['a', 1],
      ['b', 4],
    ]);
    expect(failures(await letters(driver))).toEqual(['1: 1/500']);
    expect(held(driver)).toEqual({ keys: 1, held: 3, freedMs: -1 });
    expect(driver.outcomes('numbers')).toEqual({ in: 5, out: 3, emitted: 3, parked: 2 });
    expect(driver.outcomes('run')).toEqual({ in: 3, out: 2, emitted: 2, deadLettered: 1 });
    await driver.close();
  });

  test('enters the topology again when it is released; the rest follows in order, ahead of new input', async () => {
    const { driver, bad } = await start([2]);
    await driver.send('numbers', ...numbers('a', 1, 2, 3, 4));
    await driver.settle();
    bad.clear();
    await driver.send('numbers', ...numbers('a', 5), ...numbers('b', 6));
    await driver.release(await lastLetter(driver));
    expect(await values(driver)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(held(driver)).toEqual({ keys: 0, held: 0, freedMs: 500 });
    expect(driver.rows('run-parked').map(({ key }) => String(key))).toEqual(['t']);
    expect(driver.outcomes('numbers')).toEqual({ in: 9, out: 7, emitted: 7, parked: 2 });
    await driver.pipe('numbers', ...numbers('a', 7));
    expect(await values(driver)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    await driver.close();
  });

  test('is dropped when it is given up, and the rest follows', async () => {
    const { driver } = await start([2]);
    await driver.send('numbers', ...numbers('a', 1, 2, 3, 4));
    await driver.settle();
    await driver.release(await lastLetter(driver), { action: 'discard' });
    expect(await values(driver)).toEqual([1, 3, 4]);
    expect(driver.outcomes('numbers')).toEqual({ in: 6, out: 4, emitted: 4, parked: 2 });
    await driver.close();
  });

  test('is retried with the value that the note has', async () => {
    const { driver } = await start([2]);
    await driver.send('numbers', ...numbers('a', 2, 3));
    await driver.settle();
    await driver.release(await lastLetter(driver), { value: 22 });
    expect((await driver.all('results')).map(({ value, time }) => [value, time])).toEqual([
      [22, 2],
      [3, 3],
    ]);
    await driver.close();
  });

  test('parks its key anew when it fails again, with the bytes that it had then', async () => {
    const { driver, bad } = await start([2, 22]);
    await driver.send('numbers', ...numbers('a', 2, 3));
    await driver.settle();
    await driver.advance('1s');
    await driver.release(await lastLetter(driver), { value: 22 });
    expect(failures(await letters(driver))).toEqual(['0: 1/500', '0: 2/1500']);
    expect(held(driver)).toEqual({ keys: 1, held: 2, freedMs: -1 });
    const [first, second] = await letters(driver);
    expect(second?.value).not.toEqual(first?.value);
    bad.clear();
    await driver.release(second as TopicRecord);
    expect(await values(driver)).toEqual([22, 3]);
    await driver.close();
  });

  test('lets a record behind it park the key anew, and the others wait on', async () => {
    const { driver, bad } = await start([2, 4]);
    await driver.send('numbers', ...numbers('a', 2, 3, 4, 5));
    await driver.settle();
    bad.delete(2);
    await driver.release(await lastLetter(driver));
    expect(await values(driver)).toEqual([2, 3]);
    expect(failures(await letters(driver))).toEqual(['0: 1/500', '2: 2/500']);
    expect(held(driver)).toEqual({ keys: 1, held: 2, freedMs: -1 });
    await driver.release(await lastLetter(driver), { action: 'discard' });
    expect(await values(driver)).toEqual([2, 3, 5]);
    await driver.close();
  });

  test('is not released by the note of an earlier failure, however often it is read', async () => {
    const { driver, bad } = await start([2]);
    await driver.pipe('numbers', ...numbers('a', 2));
    const first = await lastLetter(driver);
    await driver.release(first, { action: 'discard' });
    // The same key fails again within the same millisecond.
    await driver.send('numbers', ...numbers('a', 2, 3));
    await driver.settle();
    expect(failures(await letters(driver))).toEqual(['0: 1/500', '1: 1/501']);
    await driver.release(first, { action: 'discard' });
    await driver.crash();
    await driver.settle();
    expect(await values(driver)).toEqual([]);
    bad.clear();
    await driver.release(await lastLetter(driver));
    expect(await values(driver)).toEqual([2, 3]);
    await driver.close();
  });

  test('is released by a note that was written while nothing ran', async () => {
    const { driver, bad } = await start([2]);
    await driver.send('numbers', ...numbers('a', 2, 3));
    await driver.settle();
    bad.clear();
    driver.crashAt('batch.completed');
    await driver.release(await lastLetter(driver));
    await driver.crash();
    await driver.settle();
    expect(await values(driver)).toEqual([2, 3]);
    await driver.close();
  });

  test('does not move stream time until it is released', async () => {
    const { driver, bad } = await start([2]);
    await driver.send('numbers', ...numbers('a', 2, 90));
    await driver.settle();
    expect(driver.controls()['run_0']?.times.streamTime).toBe(-1);
    bad.clear();
    await driver.release(await lastLetter(driver));
    expect(driver.controls()['run_0']?.times.streamTime).toBe(90);
    await driver.close();
  });
});

describe('an asynchronous stage under park-by-key', () => {
  const slow =
    (bad: ReadonlySet<number>): NumStage =>
    (inputs) => ({
      out: inputs.in.pipe(
        mapAsync({ concurrency: 4, order: 'per-key' }, async (it) => {
          await Promise.resolve();
          if (bad.has(it.value)) throw new Error(`not ${it.value}`);
          return it;
        }),
      ),
    });

  test('holds what comes behind the record that failed', async () => {
    const { driver, bad } = await start([2, 4], slow);
    await driver.send('numbers', ...numbers('a', 1, 2, 3), ...numbers('b', 4, 5, 6));
    await driver.settle();
    expect(await values(driver)).toEqual([1]);
    expect(held(driver)).toEqual({ keys: 2, held: 5, freedMs: -1 });
    bad.clear();
    for (const letter of await letters(driver)) await driver.release(letter);
    expect(await values(driver)).toEqual([1, 2, 3, 4, 5, 6]);
    await driver.close();
  });

  test('parks a key anew where a record of the released ones fails', async () => {
    const { driver, bad } = await start([1, 3], slow);
    await driver.send('numbers', ...numbers('a', 1, 2, 3, 4));
    await driver.settle();
    bad.delete(1);
    await driver.release(await lastLetter(driver));
    expect(await values(driver)).toEqual([1, 2]);
    expect(failures(await letters(driver))).toEqual(['0: 1/500', '2: 2/500']);
    await driver.close();
  });
});

describe('a dead letter that parks nothing', () => {
  test('is that of a record without a key', async () => {
    const { driver } = await start([2]);
    const [record] = numbers('a', 2);
    await driver.send('numbers', { ...record, key: null }, { ...record, key: null, value: 3 });
    await driver.settle();
    expect(failures(await letters(driver))).toEqual(['0: not parked']);
    expect(await values(driver)).toEqual([3]);
    await driver.close();
  });

  test('is that of a record that a stage sets aside', async () => {
    const setAside: NumStage = (inputs, context) => {
      inputs.in.subscribe((it) => {
        if (it.value === 2) context.deadLetter(it, 'no');
      });
      return { out: inputs.in };
    };
    const { driver } = await start([], () => setAside);
    await driver.send('numbers', ...numbers('a', 2, 3));
    await driver.settle();
    expect(failures(await letters(driver))).toEqual(['0: not parked']);
    expect(await values(driver)).toEqual([2, 3]);
    await driver.close();
  });

  test('cannot be released', async () => {
    const { driver } = await start([2]);
    await driver.pipe('numbers', { key: null, value: 2 });
    await expect(driver.release(await lastLetter(driver))).rejects.toMatchObject({
      code: 'LETTER_NOT_PARKED',
    });
    await driver.close();
  });

  test('is that of a released record that a stage sets aside, with its bytes', async () => {
    const bad = new Set([2]);
    const run: NumStage = (inputs, context) => {
      inputs.in.subscribe((it) => {
        if (it.value === 3) context.deadLetter(it.withValue(0), 'no');
      });
      return failing(bad)(inputs, context);
    };
    const { driver } = await start([], () => run);
    await driver.send('numbers', ...numbers('a', 2, 3));
    await driver.settle();
    bad.clear();
    await driver.release(await lastLetter(driver));
    const letter = await lastLetter(driver);
    expect(failures([letter])).toEqual(['1: not parked']);
    expect(Buffer.from(letter.value as Uint8Array).at(-1)).toBe(6);
    await driver.close();
  });
});

test('a stage that takes its time is waited for before more of a key is released', async () => {
  const order: string[] = [];
  const bad = new Set([1]);
  const run: NumStage = (inputs) => ({
    out: inputs.in.pipe(
      mapAsync({ concurrency: 4, order: 'per-key' }, async (it) => {
        order.push(`begin ${it.value}`);
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
        if (bad.has(it.value)) throw new Error('no');
        order.push(`end ${it.value}`);
        return it;
      }),
    ),
  });
  const { driver } = await start([], () => run);
  await driver.send('numbers', ...numbers('a', 1, 2));
  await driver.settle();
  bad.clear();
  order.length = 0;
  await driver.release(await lastLetter(driver));
  expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  await driver.close();
});
