import { map } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import type { ProcessStage, StreamRecord } from '../../../../processors/index.ts';
import { appendOnce } from '../../../../runtime/app/append-once.ts';
import { discard } from '../../../../runtime/app/dlq/discard.ts';
import { LetterBook } from '../../../../runtime/app/dlq/letter-book.ts';
import { parkedChangelogs } from '../../../../runtime/app/dlq/parked-book.ts';
import { redrive } from '../../../../runtime/app/dlq/redrive.ts';
import {
  type Became,
  type Released,
  releasesTaken,
} from '../../../../runtime/app/dlq/releases-taken.ts';
import type { ToolLog } from '../../../../runtime/app/tool-log.ts';
import { RecordBatchBuilder } from '../../../../runtime/codec/batch-builder.ts';
import { encodeParked, parkedKeyRow } from '../../../../runtime/task/parking/parked-rows.ts';
import { TopologyDriver } from '../../../../runtime/testing/index.ts';
import { ConfigError } from '../../../../topology/core/errors.ts';
import { definitionOf } from '../../topology.ts';
import { toolOn } from './dying-tool.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<{ readonly in: Num }, { readonly out: Num }>;

/** Its first stage parks the keys of what fails there, its second one does not. */
const definition = definitionOf(`
application: one
streams:
  numbers: { topic: numbers, key: string, value: long }
  results: { topic: results, key: string, value: long }
stages:
  run: { in: { in: numbers }, process: run, out: { out: { key: string, value: long } } }
  check:
    in: { in: run.out }
    process: check
    out: { out: { key: string, value: long } }
    errors: { dead-letter: one.dead-letters }
  send: { from: check.out, to: results }
errors: { default: { dead-letter: one.dead-letters, park-by-key: {} } }
`);

const failing =
  (fails: (value: number) => boolean): Stage =>
  (inputs) => ({
    out: inputs.in.pipe(
      map((it) => {
        if (fails(it.value)) throw new Error('no');
        return it;
      }),
    ),
  });

let driver: TopologyDriver;
let mended = false;
afterEach(() => driver.close());

/** A driver that has taken these values of key `a`: negative ones fail until they are mended, those below −9 in the second stage ever after. */
async function took(...values: readonly number[]): Promise<void> {
  mended = false;
  const run = failing((value) => value < 0 && !mended);
  const check = failing((value) => value < -9);
  driver = await TopologyDriver.start({ definition, functions: { run, check }, partitions: 1 });
  await driver.pipe('numbers', ...values.map((value, time) => ({ key: 'a', value, time })));
}

const all = { selected: () => true, rejected: false, unparked: false, named: false, dryRun: false };

async function release(
  tool: typeof redriveAll | typeof discardAll = redriveAll,
): Promise<readonly Released[]> {
  const book = new LetterBook(driver.plan, driver.log);
  const { steps } = await tool(toolOn(driver), book);
  return steps.filter((step): step is Released => 'release' in step);
}

const redriveAll = (tool: ToolLog, book: LetterBook): ReturnType<typeof redrive> =>
  redrive(tool, book, all);
const discardAll = (tool: ToolLog, book: LetterBook): ReturnType<typeof discard> =>
  discard(tool, book, all);

async function became(released: readonly Released[], runs = false): Promise<readonly Became[]> {
  const tool: ToolLog = {
    ...toolOn(driver),
    refuseRunning: async () => {
      if (runs) throw new ConfigError('GROUP_ACTIVE', 'it runs');
    },
  };
  const book = new LetterBook(driver.plan, driver.log);
  const taken = await releasesTaken(tool, book, { released, waitMs: 0 });
  expect(taken.runs).toBe(runs);
  return [...taken.became.values()];
}

test('a key that nobody has taken waits, whether the application runs or not', async () => {
  await took(-1, 2);
  const released = await release();
  expect(await became(released)).toEqual([{ kind: 'waits' }]);
  expect(await became(released, true)).toEqual([{ kind: 'waits' }]);
});

test('a key whose first records went through, and the others not yet, is under way', async () => {
  await took(-1, 2, 3);
  const [released] = await release();
  if (released === undefined) throw new Error('it released nothing');
  const { parked, key } = released.release;
  const at = { topic: 'numbers', partition: 0, offset: 0 };
  const row = encodeParked({ ...parked, ...at, head: 0, first: 1, next: 3 });
  const builder = new RecordBatchBuilder();
  builder.appendPair(0, parkedKeyRow(key), row, []);
  const batch = builder.finish();
  const topic = [...parkedChangelogs(driver.plan).values()].join();
  await appendOnce(driver.log, 'test', { topic, partition: 0, batch, records: 1 });
  expect(await became([released])).toEqual([{ kind: 'under-way' }]);
});

test('a key is free when all of it went through, and those that waited are counted', async () => {
  await took(-1, 2, 3);
  const released = await release();
  mended = true;
  await driver.settle();
  expect(await became(released)).toEqual([{ kind: 'free', followed: 2 }]);
});

test('a record that fails again where nothing parks is no success', async () => {
  await took(-10, 2);
  const released = await release();
  mended = true;
  await driver.settle();
  expect(await became(released)).toEqual([
    { kind: 'free', followed: 1, again: 'one.dead-letters/0/1' },
  ]);
});

test('a key that is parked anew is so by a letter of the same record, or of one behind it', async () => {
  await took(-1, 2, -3, 4);
  const first = await release();
  await driver.settle();
  expect(await became(first)).toEqual([
    { kind: 'failed', same: true, letter: 'one.dead-letters/0/1' },
  ]);
  const given = await release(discardAll);
  await driver.settle();
  expect(await became(given)).toEqual([
    { kind: 'failed', same: false, letter: 'one.dead-letters/0/2' },
  ]);
});

test('a tool that may not ask whether the application runs says that it cannot know', async () => {
  await took(-1);
  const released = await release();
  const refuseRunning = async (): Promise<void> => {
    throw new ConfigError('GROUP_RIGHTS', 'no');
  };
  const tool = { ...toolOn(driver), refuseRunning };
  const book = new LetterBook(driver.plan, driver.log);
  expect((await releasesTaken(tool, book, { released, waitMs: 0 })).runs).toBeUndefined();
});
