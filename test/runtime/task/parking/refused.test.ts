import { describe, expect, test } from 'vitest';
import { encodeRelease, parkedId, type ParkedId } from '../../../../runtime/task/release.ts';
import { TopologyDriver } from '../../../../runtime/testing/index.ts';
import { type PlainRecord, plain } from '../../codec/records.ts';
import { EngineBench } from '../../engine/bench.ts';
import { definitionOf, errorHeaders } from '../../topology.ts';
import { failures } from './topologies.ts';

const topology = `
application: ids
streams:
  numbers: { topic: numbers, key: string, value: long, partitions: 1, cleanup: compact }
  results: { topic: results, key: string, value: string, format: string, partitions: 1 }
stages:
  texts: { from: numbers, map-values: string(value), to: results }
errors: { default: { dead-letter: letters, park-by-key: {} } }
`;

/** An Avro int of one byte under a schema id: an int is read as a long. */
function avro(key: string, schemaId: number, value: number): PlainRecord {
  const bytes = Buffer.from([0, 0, 0, 0, schemaId, value * 2]);
  return { time: 1, key: Buffer.from(key), value: bytes, headers: [] };
}

async function texts(bench: EngineBench): Promise<readonly string[]> {
  return (await bench.read('results')).map(({ value }) => String(value));
}

/** Releases the key of the last dead letter. */
async function release(bench: EngineBench, value?: Buffer): Promise<void> {
  const letter = (await bench.read('letters')).at(-1) as PlainRecord;
  const { parked = '', task = '' } = errorHeaders(letter);
  const { json, headers } = encodeRelease({
    task,
    key: letter.key as Buffer,
    parked: parkedId(parked) as ParkedId,
    action: 'retry',
    ...(value === undefined ? {} : { value }),
  });
  const text = JSON.stringify({ version: 1, release: json });
  await bench.append('ids-redriven', { ...plain(`letter ${parked}`, text), headers });
  await bench.settle();
}

describe('a record that does not decode, under park-by-key', () => {
  test('parks its key, also for those that come in the same batch', async () => {
    const bench = new EngineBench(topology);
    const id = await bench.registry.register('numbers-value', '"int"');
    await bench.start();
    const bad = plain('a', 'no Avro', 1);
    await bench.append('numbers', avro('a', id, 1), bad, bad, avro('a', id, 2), avro('b', id, 3));
    await bench.settle();
    expect(await texts(bench)).toEqual(['1', '3']);
    const letters = await bench.read('letters');
    expect(letters.map((it) => errorHeaders(it)['parked'])).toEqual(['1/0']);
    await release(bench, avro('a', id, 7).value as Buffer);
    expect(await texts(bench)).toEqual(['1', '3', '7']);
    expect((await bench.read('letters')).map((it) => errorHeaders(it)['parked'])).toEqual([
      '1/0',
      '2/0',
    ]);
    await release(bench, avro('a', id, 8).value as Buffer);
    expect(await texts(bench)).toEqual(['1', '3', '7', '8', '2']);
  });

  test('is refused anew, with its bytes and position, when nothing was mended', async () => {
    const bench = new EngineBench(topology);
    await bench.start();
    await bench.append('numbers', plain('a', 'no Avro', 1));
    await bench.settle();
    await release(bench);
    const letters = await bench.read('letters');
    expect(letters.map((it) => [String(it.value), errorHeaders(it)['offset']])).toEqual([
      ['no Avro', '0'],
      ['no Avro', '0'],
    ]);
    expect(letters.map((it) => errorHeaders(it)['parked'])).toEqual(['1/0', '2/0']);
  });
});

describe('a held record whose schema was not seen yet', () => {
  test('waits for it when it is released, and is asked for while others go on', async () => {
    const bench = new EngineBench(topology);
    const id = await bench.registry.register('numbers-value', '"int"');
    await bench.start();
    await bench.append('numbers', plain('a', 'no Avro', 1), avro('a', id, 1));
    await bench.settle();
    // A new process has seen no schema; the record is in the store.
    const later = await bench.registry.register('others', '{"type":"int","doc":"x"}');
    await bench.start();
    bench.registry.down = true;
    await release(bench, avro('a', later, 5).value as Buffer);
    expect(await texts(bench)).toEqual([]);
    expect(bench.assembled?.engine.quiet).toBe(false);
    bench.registry.down = false;
    bench.clock.advanceTo(2000);
    await bench.settle();
    expect(await texts(bench)).toEqual(['5', '1']);
    expect(await bench.read('letters')).toHaveLength(1);
    expect(bench.assembled?.engine.quiet).toBe(true);
  });
});

describe('a record that is refused for its time, under park-by-key', () => {
  test('parks its key until it is released, when its time may have come', async () => {
    const driver = await TopologyDriver.start({
      definition: definitionOf(topology),
      options: { 'max-future': '1h' },
    });
    const hour = 3_600_000;
    await driver.send(
      'numbers',
      { key: 'a', value: 1, time: hour + 5 },
      { key: 'a', value: 2, time: 7 },
    );
    await driver.settle();
    const [letter] = await driver.all('letters');
    expect(failures(await driver.all('letters'))).toEqual(['0: 1/0']);
    expect(await driver.all('results')).toEqual([]);
    await driver.advance('10ms');
    await driver.release(letter as NonNullable<typeof letter>);
    expect((await driver.all('results')).map(({ value, time }) => [value, time])).toEqual([
      ['1', hour + 5],
      ['2', 7],
    ]);
    await driver.close();
  });
});
