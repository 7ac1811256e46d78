import { ConfigError, ProcessingError } from '../../topology/core/errors.ts';
import type { EngineOptions } from '../engine/engine-options.ts';
import { firstDifference, resultOf, type RunResult } from './run-result.ts';
import type { SentRecord } from '../app/named-topics.ts';
import { type DriverOptions, TopologyDriver } from './topology-driver.ts';

/** What {@link expectCutIndependent} runs. */
export interface CutCheckOptions extends DriverOptions {
  /**
   * What is sent: stream or table → its records. Each element is sent in one transaction and
   * processed to the end before the next, so what a later one must find belongs in an earlier one.
   */
  readonly inputs: readonly Readonly<Record<string, readonly SentRecord[]>>[];
  /** Runs with cuts of their own, from 1. @defaultValue 8 */
  readonly runs?: number;
}

/** Largest batches of the runs, in turn: many small ones find most, a large one finds the rest. */
const sizes = [2, 1000, 3, 7];

/**
 * Resolves when the result of a topology does not depend on where its input is cut into batches
 * (design.md 4): the records of each output and key, in order, the dead letters, the rows of the
 * stores and the counters are the same with one record per batch and with seeded random cuts. `seed` gives the
 * cuts.
 *
 * **Gotchas** Only the order of one key in one output is compared, but where several tasks write
 * the same key, that order is a matter of timing, and nothing that this could check.
 *
 * **Example**
 * ```ts
 * await expectCutIndependent({ definition, functions, inputs: [{ words: [{ key: 'a', value: 'b' }] }] });
 * ```
 * @throws {ProcessingError} CUT_DEPENDENT naming the output or store, the key, the first
 *   difference and the seed
 * @throws {ConfigError} OPTION_RANGE when `runs` is no whole number from 1
 */
export async function expectCutIndependent(options: CutCheckOptions): Promise<void> {
  const { runs = 8, seed = 1 } = options;
  if (!Number.isInteger(runs) || runs < 1) {
    throw new ConfigError('OPTION_RANGE', `runs is ${runs}; it must be a whole number from 1`);
  }
  const reference = await run(options, { 'batch-records': 1 });
  for (let i = 0; i < runs; i++) {
    const cutSeed = seed + i;
    const size = sizes[i % sizes.length] as number;
    const cuts = { 'batch-records': size, 'random-cuts': { seed: cutSeed } };
    const difference = firstDifference(reference, await run(options, cuts));
    if (difference === undefined) continue;
    const { place, number, expected, actual } = difference;
    throw new ProcessingError(
      'CUT_DEPENDENT',
      `the result depends on where batches are cut (batches of 1 to ${size}, seed ${cutSeed}): ` +
        `${place}: number ${number} is ${expected} with one record per batch, and ${actual} with these cuts; ` +
        'what a stage remembers from record to record belongs in a store: scanByKey, distinctByKey, or a store of its own',
    );
  }
}

async function run(options: CutCheckOptions, cuts: EngineOptions): Promise<RunResult> {
  const driver = await TopologyDriver.start({
    ...options,
    options: { ...options.options, ...cuts },
  });
  try {
    for (const input of options.inputs) {
      for (const [stream, records] of Object.entries(input)) await driver.send(stream, ...records);
      await driver.settle();
    }
    return await resultOf(driver);
  } finally {
    await driver.close();
  }
}
