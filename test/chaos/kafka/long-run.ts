import { join } from 'node:path';
import { startCluster } from '../../broker/harness/cluster.ts';
import type { Finding } from '../finding.ts';
import type { KafkaCampaignResult } from './campaign.ts';
import { chaosCluster, runScarceOnKafka, runUnlimitedOnKafka } from './scenarios.ts';
import type { KafkaScenario } from './scenarios.ts';

/** What the long version is told. */
export interface LongRun {
  readonly folder: string;
  readonly seed: number;
  readonly orders: number;
  readonly minutes: number;
  readonly members: number;
  readonly print: (line: string) => void;
}

/** Both campaigns, each on a fresh cluster, with a report of each. Returns all that was found. */
export async function runOnKafka(run: LongRun): Promise<readonly Finding[]> {
  const { print, minutes, orders } = run;
  // Two thirds for what is disturbed most.
  const share = (part: number): Pick<KafkaScenario, 'orders' | 'disturbMs'> => ({
    orders: Math.ceil(orders * part),
    disturbMs: Math.round(minutes * 60_000 * part),
  });
  print('\ngoods run short, answers get lost');
  const scarce = await onCluster(runScarceOnKafka, { ...run, ...share(2 / 3) }, 'scarce');
  print('\nunlimited stock, answers by key, compared with a quiet run');
  const unlimited = await onCluster(runUnlimitedOnKafka, { ...run, ...share(1 / 3) }, 'unlimited');
  return [...scarce.findings, ...unlimited.findings];
}

async function onCluster(
  scenario: (options: KafkaScenario) => Promise<KafkaCampaignResult>,
  options: Omit<KafkaScenario, 'cluster'>,
  name: string,
): Promise<KafkaCampaignResult> {
  const cluster = await startCluster(chaosCluster);
  try {
    const folder = join(options.folder, name);
    const result = await scenario({ ...options, cluster, folder });
    for (const line of reportOf(result)) options.print?.(line);
    return result;
  } finally {
    await cluster.close();
  }
}

/** What happened, and what was found, line by line. */
export function reportOf(result: KafkaCampaignResult): readonly string[] {
  const { tally, records, commits, elapsedMs, findings } = result;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const faults = [...tally.faults].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const total = faults.reduce((sum, [, count]) => sum + count, 0);
  return [
    `${total} faults in ${seconds(elapsedMs)}:`,
    ...faults.map(([kind, count]) => `  ${count} × ${kind}`),
    `${tally.recoveries} recoveries of members, the longest ${seconds(tally.longestRecoveryMs)} from the start of its process on`,
    `${tally.rebalances} rebalances`,
    `${records} records taken in ${commits} transactions`,
    'longest pauses between commits of an input:',
    ...tally.pauses.map(
      ({ input, fromMs, forMs, unmannedMs }) =>
        `  ${seconds(forMs)} from ${seconds(fromMs)} on, ${seconds(unmannedMs)} of it in nobody's hands: ${input}`,
    ),
    ...findings.map(({ check, message }) => `FOUND ${check}: ${message}`),
    ...(findings.length === 0 ? ['nothing lost, nothing doubled: every check holds'] : []),
  ];
}
