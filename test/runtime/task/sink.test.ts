import { tap } from 'rxjs';
import { expect, describe, test } from 'vitest';
import type { KeyValueStore, ProcessStage, StreamRecord } from '../../../processors/index.ts';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import { partitionOf } from '../../../topology/core/murmur2.ts';
import { definitionOf } from '../topology.ts';

const definition = definitionOf(`
application: sinks
streams:
  in:     { topic: in, key: string, value: long }
  out:    { topic: out, key: string, value: long }
  little: { topic: little, key: string, value: long }
  big:    { topic: big, key: string, value: long }
stages:
  copy:   { from: in, to: out }
  choose: { from: in, to: { by: 'value < 10 ? "little" : "big"', among: [little, big] } }
`);

describe('a sink', () => {
  test('chooses the partition as Kafka does, and keeps that of a record without a key', async () => {
    const driver = await TopologyDriver.start({ definition, partitions: 5 });
    const keys = ['a', 'b', 'some longer key', ''];
    await driver.send('in', ...keys.map((key) => ({ key, value: 1, time: 1, partition: 4 })), {
      value: 2,
      time: 1,
      partition: 3,
    });
    await driver.settle();
    const partitions = (await driver.all('out')).map(({ key, partition }) => [key, partition]);
    expect(new Map(partitions as [string | null, number][])).toEqual(
      new Map([
        ...keys.map((key) => [key, partitionOf(Buffer.from(key), 5)] as const),
        [null, 3] as const,
      ]),
    );
    await driver.close();
  });

  test('writes to the stream that its expression chooses', async () => {
    const driver = await TopologyDriver.start({ definition, partitions: 1 });
    await driver.pipe('in', ...[1, 20, 3].map((value) => ({ key: 'a', value, time: 1 })));
    const values = async (stream: string) => (await driver.all(stream)).map(({ value }) => value);
    expect([await values('little'), await values('big')]).toEqual([[1, 3], [20]]);
    await driver.close();
  });

  test('names its stage where a value does not fit', async () => {
    const wrong = definitionOf(`
application: wrong
streams:
  in:  { topic: in, key: string, value: long }
  out: { topic: out, key: string, value: long }
stages:
  text: { from: in, map-values: { use: text } }
  send: { from: text, to: out }
`);
    const functions = { text: () => 'no long' };
    const driver = await TopologyDriver.start({ definition: wrong, functions, partitions: 1 });
    await driver.pipe('in', { key: 'a', value: 1, time: 1 });
    const [letter] = await driver.all('wrong-dead-letters');
    const headers = new Map(letter?.headers.map(([name, value]) => [name, String(value)]));
    expect(headers.get('__streams.errors.stage')).toBe('send');
    expect(headers.get('__streams.errors.exception')).toBe('SerdeError[SERDE_ENCODE]');
    expect(driver.outcomes('send')).toMatchObject({ deadLettered: 1 });
    await driver.close();
  });

  test.each([
    ['a value', 'a', 'no long'],
    ['a key', null, 1],
  ])('is not named where %s does not fit a store: the stage is', async (_, key, value) => {
    const wrong = definitionOf(`
application: wrong
streams:
  in:  { topic: in, key: string, value: long }
  out: { topic: out, key: string, value: long }
stores:
  last: { key: string, value: long, ttl: 1d }
stages:
  keep: { in: { read: in }, process: keep, stores: [last], out: { kept: { key: string, value: long } } }
  send: { from: keep.kept, to: out }
`);
    const keep: ProcessStage<
      { read: StreamRecord<string, number> },
      { kept: StreamRecord<string, number> },
      { last: KeyValueStore<string> }
    > = ({ read }, context) => ({
      kept: read.pipe(tap((record) => context.store('last').put(record.key, value))),
    });
    const driver = await TopologyDriver.start({
      definition: wrong,
      functions: { keep },
      partitions: 1,
    });
    await driver.pipe('in', { key, value: 1, time: 1 });
    const [letter] = await driver.all('wrong-dead-letters');
    const headers = new Map(letter?.headers.map(([name, text]) => [name, String(text)]));
    expect(headers.get('__streams.errors.stage')).toBe('keep');
    expect(headers.get('__streams.errors.exception')).toBe('SerdeError[SERDE_ENCODE]');
    expect(driver.outcomes('keep')).toMatchObject({ deadLettered: 1 });
    await driver.close();
  });
});
