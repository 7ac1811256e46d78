import * as fc from 'fast-check';
import { map } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { ProcessStage, StreamRecord } from '../../../../processors/index.ts';
import { discard, type DiscardResult } from '../../../../runtime/app/dlq/discard.ts';
import type { DeadLetter } from '../../../../runtime/app/dlq/letter.ts';
import { LetterBook } from '../../../../runtime/app/dlq/letter-book.ts';
import type { Migrator } from '../../../../runtime/app/dlq/migration.ts';
import {
  redrive,
  type RedriveOptions,
  type RedriveResult,
} from '../../../../runtime/app/dlq/redrive.ts';
import { discarded, redrivenOf } from '../../../../runtime/app/dlq/redriven.ts';
import { TopologyDriver } from '../../../../runtime/testing/index.ts';
import { oneStage } from '../../topology.ts';
import { type Death, Killed, toolOn } from './dying-tool.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<{ readonly in: Num }, { readonly out: Num }>;

/** A driver whose stage fails on negative numbers until it is mended, and parks their keys. */
async function parking(): Promise<{ driver: TopologyDriver; mend: () => void }> {
  let broken = true;
  const run: Stage = (inputs) => ({
    out: inputs.in.pipe(
      map((it) => {
        if (broken && it.value < 0) throw new Error('broken');
        return it;
      }),
    ),
  });
  const driver = await TopologyDriver.start({
    definition: oneStage('', 'dead-letter: one.dead-letters, park-by-key: {}'),
    functions: { run },
    partitions: 3,
  });
  return { driver, mend: () => (broken = false) };
}

const all: RedriveOptions = {
  selected: () => true,
  rejected: false,
  unparked: false,
  named: false,
  dryRun: false,
};

/** Sends on what is selected, or gives it up; the process may die meanwhile. */
async function letGo(
  driver: TopologyDriver,
  { gives = false, death, ...more }: Partial<RedriveOptions> & { gives?: boolean; death?: Death },
): Promise<RedriveResult | DiscardResult | 'killed'> {
  const tool = toolOn(driver, death);
  const book = new LetterBook(driver.plan, tool.log);
  const options = { ...all, ...more };
  try {
    return await (gives ? discard(tool, book, options) : redrive(tool, book, options));
  } catch (error) {
    if (error instanceof Killed) return 'killed';
    throw error;
  }
}

/** Texts of the keys whose letters were given up. */
async function givenUp(driver: TopologyDriver): Promise<ReadonlySet<string>> {
  const book = new LetterBook(driver.plan, driver.log);
  const known = await book.redriven();
  const given = (await book.letters()).filter(
    (letter) => redrivenOf(letter, known)?.to === discarded,
  );
  return new Set(given.map(({ key }) => String(key)));
}

async function results(driver: TopologyDriver): Promise<ReadonlyMap<unknown, readonly unknown[]>> {
  const byKey = new Map<unknown, unknown[]>();
  for (const { key, value } of await driver.all('results')) {
    byKey.set(key, [...(byKey.get(key) ?? []), value]);
  }
  return byKey;
}

const deaths = fc.array(
  fc.record({
    commit: fc.nat({ max: 3 }),
    when: fc.constantFrom('before' as const, 'after' as const),
    gives: fc.boolean(),
  }),
  { maxLength: 4 },
);

describe('redrive of parked keys', () => {
  test('loses, doubles and reorders nothing, wherever it is killed', async () => {
    await fc.assert(
      fc.asyncProperty(deaths, async (killed) => {
        const { driver, mend } = await parking();
        const keys = Array.from({ length: 1100 }, (_, i) => `k${i}`);
        const values = [-1, 2, 3];
        for (const [time, value] of values.entries()) {
          await driver.send('numbers', ...keys.map((key) => ({ key, value, time })));
        }
        await driver.settle();
        expect(await results(driver)).toEqual(new Map());
        mend();
        for (const { gives, ...death } of killed) {
          const some = (letter: DeadLetter): boolean =>
            !gives || Number(letter.key?.at(-1)) % 3 === 0;
          await letGo(driver, { gives, death, selected: some });
          await driver.settle();
        }
        await letGo(driver, {});
        await driver.settle();
        const byKey = await results(driver);
        const given = await givenUp(driver);
        expect(byKey.size).toBe(keys.length);
        for (const key of keys) {
          expect(byKey.get(key)).toEqual(given.has(key) ? values.slice(1) : values);
        }
        expect(await letGo(driver, {})).toMatchObject({
          steps: [],
          before: keys.length - given.size,
          discarded: given.size,
        });
        await driver.close();
      }),
      { numRuns: 4, seed: 11 },
    );
  });

  test('leaves a letter whose key is no longer parked, and says where its record may be', async () => {
    const { driver, mend } = await parking();
    await driver.pipe('numbers', { key: 'a', value: -1, time: 1 }, { key: 'a', value: 2, time: 2 });
    mend();
    await letGo(driver, {});
    await driver.settle();
    await forgetNotes(driver);
    const sent = await letGo(driver, {});
    expect(reasons(sent)).toEqual([
      'its key is no longer parked: the record went through when its key was released, or after a reset; --unparked sends it to its topic all the same',
    ]);
    const anyway = await letGo(driver, { unparked: true });
    expect(anyway).toMatchObject({ steps: [{ kind: 'send', to: { topic: 'numbers' } }] });
    await driver.settle();
    expect((await results(driver)).get('a')).toEqual([-1, 2, -1]);
    await driver.close();
  });

  test('leaves a record whose new value does not fit into a note', async () => {
    const { driver } = await parking();
    await driver.pipe('numbers', { key: 'a', value: -1, time: 1 });
    const making = (bytes: number): Migrator =>
      ({ migrate: async () => ({ value: Buffer.alloc(bytes) }) }) as unknown as Migrator;
    expect(reasons(await letGo(driver, { migrator: making(1_000_000) }))).toEqual([
      'what the migration made has 1000002 bytes with its key, and a record that is released takes 1000000: make it smaller, or discard the letter and produce the record anew',
    ]);
    const fits = await letGo(driver, { migrator: making(999_998), dryRun: true });
    expect(fits).toMatchObject({ steps: [{ kind: 'release' }] });
    await driver.close();
  });

  test('knows the letter that parks the key now', async () => {
    const { driver } = await parking();
    await driver.pipe(
      'numbers',
      { key: 'a', value: -1, time: 1 },
      { key: 'a', value: -2, time: 2 },
    );
    await letGo(driver, { gives: true });
    await driver.settle();
    await forgetNotes(driver);
    const both = await letGo(driver, { dryRun: true });
    expect(reasons(both)).toEqual([
      expect.stringMatching(
        /^its key is no longer parked with it, but with one\.dead-letters\/\d\/1: /,
      ),
      undefined,
    ]);
    await driver.close();
  });
});

/** What a redrive says of the letters that stay. */
function reasons(result: RedriveResult | DiscardResult | 'killed'): readonly unknown[] {
  if (result === 'killed') throw result;
  return result.steps.map((step) => (step.kind === 'stays' ? step.reason : undefined));
}

/** As if somebody had deleted the topic of notes. */
async function forgetNotes({ log }: TopologyDriver): Promise<void> {
  const name = 'one-redriven';
  const [ends] = await log.ends([{ topic: name, partition: 0 }], 'committed');
  await log.admin.deleteRecords([{ topic: name, partition: 0, offset: ends?.end ?? 0 }]);
}
