import { map } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import type { ProcessStage, StreamRecord } from '../../../../processors/index.ts';
import type { DeadLetter } from '../../../../runtime/app/dlq/letter.ts';
import { LetterBook } from '../../../../runtime/app/dlq/letter-book.ts';
import type { Migrator } from '../../../../runtime/app/dlq/migration.ts';
import { redrive, type RedriveOptions } from '../../../../runtime/app/dlq/redrive.ts';
import { redriveBehind, type BehindResult } from '../../../../runtime/app/dlq/redrive-behind.ts';
import { isReleased, releasesTaken } from '../../../../runtime/app/dlq/releases-taken.ts';
import type { ToolLog } from '../../../../runtime/app/tool-log.ts';
import { TopologyDriver } from '../../../../runtime/testing/index.ts';
import { oneStage } from '../../topology.ts';
import { toolOn } from './dying-tool.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<{ readonly in: Num }, { readonly out: Num }>;

/** Fails on negative numbers. */
const run: Stage = (inputs) => ({
  out: inputs.in.pipe(
    map((it) => {
      if (it.value < 0) throw new Error('no');
      return it;
    }),
  ),
});

let driver: TopologyDriver;
afterEach(() => driver.close());

/** Makes negative numbers positive, but for some: small ones, as Avro writes them behind the id of a schema. */
function migrator(...stays: readonly number[]): Migrator {
  const migrate = async ({ value }: DeadLetter): Promise<object> => {
    const made = Buffer.from(value ?? []);
    const zigzag = made[5] ?? 0;
    made[5] = zigzag + 1;
    return stays.includes(-(zigzag + 1) / 2) ? { stays: 'not that one' } : { value: made };
  };
  return { migrate } as unknown as Migrator;
}

/** A tool beside a driver, which runs whenever it is asked whether it does. */
function beside(): ToolLog {
  return { ...toolOn(driver), refuseRunning: () => driver.settle() };
}

async function through(values: readonly number[], made: Migrator): Promise<BehindResult> {
  driver = await TopologyDriver.start({
    definition: oneStage('', 'dead-letter: one.dead-letters, park-by-key: {}'),
    functions: { run },
    partitions: 1,
  });
  await driver.pipe('numbers', ...values.map((value, time) => ({ key: 'a', value, time })));
  const tool = beside();
  const book = new LetterBook(driver.plan, driver.log);
  const selected = (): boolean => true;
  const flags = { rejected: false, unparked: false, named: false, dryRun: false };
  const options: RedriveOptions = { selected, ...flags, migrator: made };
  const { steps } = await redrive(tool, book, options);
  const released = steps.filter(isReleased);
  const taken = await releasesTaken(tool, book, { released, waitMs: 0 });
  return redriveBehind(tool, book, { options, steps, taken, waitMs: 0 });
}

const results = async (): Promise<readonly unknown[]> =>
  (await driver.all('results')).map(({ value }) => value);

test('records that fail one behind the other are sent on one after the other', async () => {
  const { steps, taken } = await through([-1, 2, -3, -4, 5], migrator());
  expect(steps.map(({ kind }) => kind)).toEqual(['release', 'release']);
  expect([...taken.became.values()]).toEqual([{ kind: 'free', followed: 4 }]);
  expect(await results()).toEqual([1, 2, 3, 4, 5]);
});

test('it ends at a record that does not get through', async () => {
  const { steps, taken } = await through([-1, 2, -3, 4], migrator(-3));
  expect(steps).toMatchObject([{ kind: 'stays', reason: 'not that one' }]);
  const [letter] = [...taken.became.keys()];
  expect(letter).toBe('one.dead-letters/0/0');
  expect([...taken.became.values()]).toEqual([
    { kind: 'failed', same: false, letter: 'one.dead-letters/0/1' },
  ]);
  expect(await results()).toEqual([1, 2]);
});

test('it ends at a record that fails again as it was', async () => {
  const same = { migrate: async ({ value }: DeadLetter) => ({ value }) } as unknown as Migrator;
  const { steps, taken } = await through([-1, 2], same);
  expect(steps).toEqual([]);
  expect([...taken.became.values()]).toEqual([
    { kind: 'failed', same: true, letter: 'one.dead-letters/0/1' },
  ]);
});
