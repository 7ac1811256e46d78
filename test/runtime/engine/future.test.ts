import { describe, expect, test } from 'vitest';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import { definitionOf, errorHeaders } from '../topology.ts';

const definition = definitionOf(`
application: future
streams:
  numbers: { topic: numbers, key: string, value: long }
  timed:   { topic: timed, key: string, value: long, time: value, time-unit: ms }
  seconds: { topic: seconds, key: string, value: long, time: value, time-unit: s }
  results: { topic: results, key: string, value: long }
stages:
  first: { from: [numbers, timed, seconds], to: results }
errors: { default: { dead-letter: future.dead-letters } }
`);

const now = 1_000_000_000;

async function start(): Promise<TopologyDriver> {
  return TopologyDriver.start({
    definition,
    partitions: 1,
    startMs: now,
    options: { 'max-future': '1h' },
  });
}

describe('a record from the future', () => {
  test('goes to the dead letters beyond max-future, and moves no time', async () => {
    const driver = await start();
    const hour = 3_600_000;
    await driver.send(
      'numbers',
      { key: 'a', value: 1, time: now + hour },
      { key: 'b', value: 2, time: now + hour + 1 },
    );
    await driver.settle();
    expect((await driver.all('results')).map(({ key }) => key)).toEqual(['a']);
    const [letter] = await driver.all('future.dead-letters');
    expect(errorHeaders(letter as NonNullable<typeof letter>)).toMatchObject({
      exception: 'ProcessingError[RECORD_FUTURE]',
      message: `the record's time (1970-01-12T14:46:40.001Z) is more than max-future (3600000 ms) ahead of the clock`,
      stage: 'numbers',
      offset: '1',
    });
    const [control] = Object.values(driver.controls());
    expect(control?.times.streamTime).toBe(now + hour);
    expect(driver.outcomes('numbers')).toEqual({ in: 2, out: 1, emitted: 1, deadLettered: 1 });
    await driver.close();
  });

  test('is measured by the time that its stream names', async () => {
    const driver = await start();
    await driver.send(
      'timed',
      { key: 'a', value: now * 2, time: now },
      { key: 'b', value: 5, time: now },
    );
    await driver.settle();
    expect((await driver.all('results')).map(({ key, time }) => [key, time])).toEqual([['b', 5]]);
    await driver.close();
  });

  test('before 1970 goes to the dead letters, too', async () => {
    const driver = await start();
    await driver.send('timed', { key: 'a', value: -1, time: now });
    await driver.settle();
    const [letter] = await driver.all('future.dead-letters');
    expect(errorHeaders(letter as NonNullable<typeof letter>)).toMatchObject({
      exception: 'ProcessingError[RECORD_TIME]',
      message: "the record's time is negative: -1",
    });
    await driver.close();
  });

  test('beyond what a date can say goes to the dead letters, too', async () => {
    const driver = await start();
    await driver.send('numbers', { key: 'a', value: 1, time: 9e15 });
    await driver.send('timed', { key: 'b', value: Number.MAX_SAFE_INTEGER, time: now });
    await driver.settle();
    const letters = await driver.all('future.dead-letters');
    expect(letters.map((letter) => errorHeaders(letter).exception)).toEqual([
      'ProcessingError[RECORD_FUTURE]',
      'ProcessingError[RECORD_FUTURE]',
    ]);
    await driver.close();
  });

  test('beyond what a record can hold goes to the dead letters, even without a bound', async () => {
    const driver = await TopologyDriver.start({ definition, partitions: 1 });
    const seconds = { key: 'a', value: Number.MAX_SAFE_INTEGER };
    await driver.send('seconds', seconds, { key: 'b', value: 7 });
    await driver.settle();
    expect((await driver.all('results')).map(({ key, time }) => [key, time])).toEqual([
      ['b', 7000],
    ]);
    const [letter] = await driver.all('future.dead-letters');
    expect(errorHeaders(letter as NonNullable<typeof letter>)).toMatchObject({
      exception: 'SerdeError[RECORD_TIME]',
    });
    await driver.close();
  });
});
