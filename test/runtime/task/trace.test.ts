import { describe, expect, test } from 'vitest';
import { map } from 'rxjs';
import type { ProcessStage, StreamRecord } from '../../../processors/index.ts';
import { RecordBatchBuilder } from '../../../runtime/codec/batch-builder.ts';
import { TopicReader } from '../../../runtime/orders/topic-reader.ts';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import { oneStage } from '../topology.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<{ readonly in: Num }, { readonly out: Num }>;

const run: Stage = (inputs) => ({
  out: inputs.in.pipe(
    map((it) => {
      if (it.value === 13) throw new Error('unlucky');
      return it;
    }),
  ),
});

/** A record whose value does not decode. */
async function sendPoison(driver: TopologyDriver): Promise<void> {
  const ignore = async (): Promise<void> => {};
  const membership = await driver.log.join(
    { group: 'poisoner', topics: [], slot: 'poisoner' },
    { assigned: ignore, revoked: ignore, lost: ignore },
  );
  const transactor = await driver.log.transactor('poisoner');
  const builder = new RecordBatchBuilder();
  builder.appendPair(0, Buffer.from('k'), Buffer.from([1]), []);
  const append = { topic: 'numbers', partition: 0, batch: builder.finish(), records: 1 };
  await transactor.commit({ appends: [append], positions: [] }, membership);
}

describe('the trace topic', () => {
  test('names each record that a task takes, failing and refused ones too, once and in order', async () => {
    const driver = await TopologyDriver.start({
      definition: oneStage(''),
      functions: { run },
      partitions: 1,
      trace: 'trace',
    });
    await driver.send('numbers', { key: 'k', value: 1, time: 0 });
    await driver.send('numbers', { key: 'k', value: 13, time: 0 });
    await sendPoison(driver);
    await driver.send('numbers', { key: 'k', value: 2, time: -1 });
    await driver.send('numbers', { key: 'k', value: 3, time: 0 });
    await driver.settle();
    const taken: string[] = [];
    await new TopicReader(driver.log, 'trace').read((record) => {
      taken.push(`${String(record.key())} ${String(record.value())}`);
    });
    const [first = ''] = taken;
    expect(first).toMatch(/_0 \{"topic":"numbers","partition":0,"offset":0\}$/);
    expect(taken.map((text) => /"offset":(\d+)/.exec(text)?.[1])).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
    ]);
    expect((await driver.all('one.dead-letters')).length).toBe(3);
    await driver.close();
  });
});
