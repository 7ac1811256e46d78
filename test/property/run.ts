import { firstDifference, resultOf, type RunResult } from '../../runtime/testing/run-result.ts';
import { TopologyDriver } from '../../runtime/testing/index.ts';
import { StreamsError } from '../../topology/core/errors.ts';
import type { Scenario } from './arbitraries.ts';
import { definitionOf, worldRows } from './chain.ts';

/** Runs a scenario as it says: with its cuts, transactions, aborts and crashes. */
export async function run(scenario: Scenario): Promise<RunResult> {
  const { rounds, batch, seed, maxBytes, abortEvery, partitions } = scenario;
  const driver = await TopologyDriver.start({
    ...definitionOf(scenario.chain, scenario),
    partitions,
    options: {
      'batch-records': batch,
      'random-cuts': { seed },
      commit: { 'max-bytes': maxBytes },
    },
  });
  let commits = 0;
  driver.log.onCommit = async ({ positions }) => {
    // Those of the test itself have no positions.
    if (positions.length === 0 || abortEvery === 0 || ++commits % abortEvery !== 0) return;
    throw new StreamsError('TRANSACTION_ABORTED', 'the test aborted it');
  };
  try {
    if (driver.plan.globalTables.length > 0) {
      await driver.send('world', ...worldRows);
      await driver.settle();
    }
    for (const round of rounds) {
      if (round.crash !== undefined) driver.crashAt(...round.crash);
      await send(driver, round);
      await driver.settle();
      if (round.losesDisk) await loseDisk(driver);
    }
    return await resultOf(driver);
  } finally {
    await driver.close();
  }
}

/** Runs a scenario one record at a time, each a transaction of its own, without any mishap. */
export async function reference(scenario: Scenario): Promise<RunResult> {
  return run({
    ...scenario,
    batch: 1,
    maxBytes: 1,
    abortEvery: 0,
    rounds: scenario.rounds.map((round) => ({ ...round, crash: undefined, losesDisk: false })),
  });
}

/** The first difference of two runs as a sentence; undefined: there is none. */
export function difference(expected: RunResult, actual: RunResult): string | undefined {
  const found = firstDifference(expected, actual);
  if (found === undefined) return undefined;
  return `${found.place}, number ${found.number}: expected ${found.expected}, got ${found.actual}`;
}

async function loseDisk(driver: TopologyDriver): Promise<void> {
  const { state } = driver;
  for (const { store, partition } of state.tables()) await state.wipe(store, partition);
  await driver.crash();
}

async function send(driver: TopologyDriver, round: Scenario['rounds'][number]): Promise<void> {
  if (round.names.length > 0) await driver.send('names', ...round.names);
  if (round.in.length > 0) await driver.send('in', ...round.in);
}
