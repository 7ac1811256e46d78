import { map } from 'rxjs';
import { expect, test } from 'vitest';
import type { ProcessStage, StreamRecord } from '../../../../processors/index.ts';
import {
  ParkedBook,
  parkedChangelogs,
  waitingBehind,
} from '../../../../runtime/app/dlq/parked-book.ts';
import { TopologyDriver } from '../../../../runtime/testing/index.ts';
import { oneStage } from '../../topology.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<{ readonly in: Num }, { readonly out: Num }>;

const run: Stage = (inputs) => ({
  out: inputs.in.pipe(
    map((it) => {
      if (it.value < 0) throw new Error('no');
      return it;
    }),
  ),
});

function driverOf(errors: string): Promise<TopologyDriver> {
  return TopologyDriver.start({
    definition: oneStage('', errors),
    functions: { run },
    partitions: 1,
  });
}

test('ParkedBook reads which keys are parked, and on from there', async () => {
  const driver = await driverOf('dead-letter: one.dead-letters, park-by-key: {}');
  const book = new ParkedBook(parkedChangelogs(driver.plan), driver.log, { places: true });
  const keys = async (): Promise<readonly (number | undefined)[]> => {
    await book.read('committed');
    return ['a', 'b'].map((key) => {
      const row = book.of({ task: 'run_0', key: Buffer.from(key) });
      return row && waitingBehind(row);
    });
  };
  expect(await keys()).toEqual([undefined, undefined]);
  await driver.pipe('numbers', { key: 'a', value: -1, time: 1 }, { key: 'b', value: 1, time: 2 });
  expect(await keys()).toEqual([0, undefined]);
  await driver.pipe('numbers', { key: 'a', value: 2, time: 3 }, { key: 'b', value: -1, time: 4 });
  await driver.pipe('numbers', { key: 'a', value: 3, time: 5 });
  expect(await keys()).toEqual([2, 0]);
  expect(book.first({ task: 'run_0', key: Buffer.from('a') }, 9)).toEqual([
    { topic: 'numbers', partition: 0, offset: 2 },
    { topic: 'numbers', partition: 0, offset: 4 },
  ]);
  expect(book.first({ task: 'run_0', key: Buffer.from('a') }, 1)).toHaveLength(1);
  expect(book.of({ task: 'run_0', key: null })).toBeUndefined();
  expect(book.totals).toEqual({ keys: 2, waiting: 2 });
  await driver.close();
});

test('ParkedBook finds nothing where nothing parks', async () => {
  const driver = await driverOf('dead-letter: one.dead-letters');
  const book = new ParkedBook(parkedChangelogs(driver.plan), driver.log, { places: false });
  await driver.pipe('numbers', { key: 'a', value: -1, time: 1 });
  await book.read('uncommitted');
  expect(book.of({ task: 'run_0', key: Buffer.from('a') })).toBeUndefined();
  expect(book.totals).toEqual({ keys: 0, waiting: 0 });
  await driver.close();
});
