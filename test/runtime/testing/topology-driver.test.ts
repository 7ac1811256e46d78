import { map } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { StageInputs, StreamRecord } from '../../../processors/index.ts';
import { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import type { Definition } from '../../../topology/definition/definition.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

function definitionOf(text: string): Definition {
  const { definition, problems } = parseTopology(text, 'test.yaml');
  expect(problems).toEqual([]);
  return definition as Definition;
}

const counting = definitionOf(`
application: words
streams:
  words:  { topic: words, key: string, value: string, format: string }
  counts: { topic: counts, key: string, value: long }
stages:
  long-words: { from: words, filter: size(value) > 2 }
  by-word:    { from: long-words, group-by: value, count: {} }
  changes:    { from: by-word, to-stream: {}, to: counts }
`);

describe('TopologyDriver', () => {
  test('names the stores that there are when asked for another', async () => {
    const driver = await TopologyDriver.start({ definition: counting });
    const error = {
      name: 'ConfigError',
      code: 'STORE_UNKNOWN',
      message: 'there is no store "by-words": the topology has "by-word"; did you mean "by-word"?',
    };
    expect(() => driver.get('by-words', 'hello')).toThrow(expect.objectContaining(error));
    expect(() => driver.rows('by-words')).toThrow(expect.objectContaining(error));
    expect(driver.get('by-word', 'hello')).toBeUndefined();
    await driver.close();
  });

  test('runs a filter and a keyed count through a repartition topic', async () => {
    const driver = await TopologyDriver.start({ definition: counting });
    await driver.pipe(
      'words',
      { key: 'a', value: 'hello', time: 1 },
      { key: 'b', value: 'to', time: 2 },
      { key: 'c', value: 'hello', time: 3 },
      { key: 'd', value: 'world', time: 4 },
    );
    const counts = (await driver.read('counts')).map(({ key, value, time }) => [key, value, time]);
    expect(counts.filter(([key]) => key === 'hello')).toEqual([
      ['hello', 1, 1],
      ['hello', 2, 3],
    ]);
    expect(counts.filter(([key]) => key === 'world')).toEqual([['world', 1, 4]]);
    expect(driver.get('by-word', 'hello')).toBe(2);
    expect(driver.outcomes('long-words')).toEqual({ in: 4, out: 3, emitted: 3, filtered: 1 });
    await driver.close();
  });

  test('loses and doubles nothing when it crashes at each point of a commit', async () => {
    for (const point of [
      'batch.completed',
      'commit.begin',
      'commit.logged',
      'commit.applied',
    ] as const) {
      const driver = await TopologyDriver.start({ definition: counting });
      for (let i = 0; i < 20; i++) {
        if (i % 5 === 3) driver.crashAt(point);
        await driver.pipe('words', { key: `k${i}`, value: i % 2 === 0 ? 'even' : 'odd', time: i });
      }
      expect(driver.crashes, point).toBe(4);
      expect(driver.get('by-word', 'even'), point).toBe(10);
      expect(driver.get('by-word', 'odd'), point).toBe(10);
      const counts = (await driver.all('counts')).filter(({ key }) => key === 'even');
      expect(
        counts.map(({ value }) => value),
        point,
      ).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      await driver.close();
    }
  });

  test('dead-letters the failing record of a batch and keeps the rest', async () => {
    const definition = definitionOf(`
application: failing
streams:
  words:  { topic: words, key: string, value: string, format: string }
  shouts: { topic: shouts, key: string, value: string, format: string }
stages:
  shout: { in: { heard: words }, process: shout, out: { said: { key: string, value: string } } }
  send:  { from: shout.said, to: shouts }
errors: { default: { dead-letter: failing.dead-letters } }
`);
    const shout = ({ heard }: StageInputs) => ({
      said: (heard as NonNullable<typeof heard>).pipe(
        map((record: StreamRecord) => {
          if (record.value === 'bad') throw new Error('no way');
          return record.withValue(String(record.value).toUpperCase());
        }),
      ),
    });
    const driver = await TopologyDriver.start({ definition, functions: { shout }, partitions: 1 });
    await driver.send(
      'words',
      { key: 'a', value: 'one', time: 1 },
      { key: 'b', value: 'bad', time: 2 },
      { key: 'c', value: 'two', time: 3 },
    );
    await driver.settle();
    expect((await driver.read('shouts')).map(({ value }) => value)).toEqual(['ONE', 'TWO']);
    const [letter] = await driver.read('failing.dead-letters');
    expect(String(letter?.value)).toBe('bad');
    expect(String(letter?.key)).toBe('b');
    const headers = Object.fromEntries(
      (letter?.headers ?? []).map(([name, value]) => [
        name.replace('__streams.errors.', ''),
        String(value),
      ]),
    );
    expect(headers).toEqual({
      application: 'failing',
      origin: 'record',
      exception: 'ProcessingError[STAGE_FAILED]',
      message: 'stage "shout" failed on words-0 at offset 1: no way',
      topic: 'words',
      partition: '0',
      offset: '1',
      stage: 'shout',
      task: 'send_0',
    });
    expect(driver.outcomes('shout')).toEqual({ in: 3, out: 2, emitted: 2, deadLettered: 1 });
    await driver.close();
  });
});
