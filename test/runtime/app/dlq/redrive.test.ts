import * as fc from 'fast-check';
import { map } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { ProcessStage, StreamRecord } from '../../../../processors/index.ts';
import { LetterBook } from '../../../../runtime/app/dlq/letter-book.ts';
import { redrive, type RedriveResult } from '../../../../runtime/app/dlq/redrive.ts';
import { TopologyDriver } from '../../../../runtime/testing/index.ts';
import { oneStage } from '../../topology.ts';
import { type Death, Killed, toolOn } from './dying-tool.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<{ readonly in: Num }, { readonly out: Num }>;

/** A driver whose stage fails on all records until it is mended. */
async function failing(): Promise<{ driver: TopologyDriver; mend: () => void }> {
  let broken = true;
  const run: Stage = (inputs) => ({
    out: inputs.in.pipe(
      map((it) => {
        if (broken) throw new Error('broken');
        return it;
      }),
    ),
  });
  const driver = await TopologyDriver.start({
    definition: oneStage(),
    functions: { run },
    partitions: 3,
  });
  return { driver, mend: () => (broken = false) };
}

async function redriven(driver: TopologyDriver, death?: Death): Promise<RedriveResult | 'killed'> {
  const tool = toolOn(driver, death);
  const options = {
    selected: () => true,
    rejected: false,
    unparked: false,
    named: false,
    dryRun: false,
  };
  try {
    return await redrive(tool, new LetterBook(driver.plan, tool.log), options);
  } catch (error) {
    if (error instanceof Killed) return 'killed';
    throw error;
  }
}

describe('redrive', () => {
  test('loses and doubles nothing, and keeps the order of each key, wherever it is killed', async () => {
    const deaths = fc.array(
      fc.record({ commit: fc.nat({ max: 3 }), when: fc.constantFrom('before', 'after') }),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(deaths, async (killed) => {
        const { driver, mend } = await failing();
        const count = 1300;
        await driver.send(
          'numbers',
          ...Array.from({ length: count }, (_, i) => ({ key: `k${i % 11}`, value: i, time: i })),
        );
        await driver.settle();
        mend();
        for (const death of killed) {
          await redriven(driver, death);
          await driver.settle();
        }
        await redriven(driver);
        await driver.settle();
        const byKey = new Map<unknown, unknown[]>();
        for (const { key, value } of await driver.all('results')) {
          byKey.set(key, [...(byKey.get(key) ?? []), value]);
        }
        for (let k = 0; k < 11; k++) {
          const expected = Array.from({ length: count }, (_, i) => i).filter((i) => i % 11 === k);
          expect(byKey.get(`k${k}`)).toEqual(expected);
        }
        expect(await redriven(driver)).toMatchObject({ steps: [], before: count });
        await driver.close();
      }),
      { numRuns: 12, seed: 7 },
    );
  });

  test('is refused while another one is at work', async () => {
    const { driver } = await failing();
    const { log } = driver;
    const ignore = async (): Promise<void> => {};
    const other = await log.join(
      { group: 'one-redrive', topics: [], slot: 'other' },
      { assigned: ignore, revoked: ignore, lost: ignore },
    );
    await expect(redriven(driver)).rejects.toMatchObject({ code: 'REDRIVE_RUNNING' });
    await other.leave();
    await driver.close();
  });

  test('takes letters of a topic that was made anew for new ones', async () => {
    const { driver } = await failing();
    await driver.pipe('numbers', { key: 'a', value: 1, time: 1 });
    await redriven(driver);
    await driver.log.admin.delete('one.dead-letters');
    await driver.log.admin.create({
      name: 'one.dead-letters',
      partitions: 3,
      cleanup: 'delete',
      retention: 'forever',
    });
    await driver.settle();
    const result = await redriven(driver);
    expect(result).toMatchObject({ before: 0, steps: [{ kind: 'send' }] });
    await driver.close();
  });
});
