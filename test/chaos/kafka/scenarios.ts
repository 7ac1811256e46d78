import { rm } from 'node:fs/promises';
import type { ClusterOptions } from '../../broker/harness/cluster-options.ts';
import { runCampaign } from '../campaign.ts';
import type { CampaignResult } from '../campaign.ts';
import { statesOf } from '../checks/states.ts';
import { checkWithoutCrash } from '../checks/without-crash.ts';
import { scarce, unlimited } from '../scenarios.ts';
import { runKafkaCampaign } from './campaign.ts';
import type { KafkaCampaignOptions, KafkaCampaignResult } from './campaign.ts';

/** What the scenarios leave open. */
export type KafkaScenario = Pick<
  KafkaCampaignOptions,
  'cluster' | 'folder' | 'seed' | 'orders' | 'disturbMs' | 'members' | 'limitMs' | 'print'
>;

/** The cluster that campaigns run on: one broker may be away at any time, and the controller never is. */
export const chaosCluster: ClusterOptions = {
  brokers: 3,
  separateController: true,
  proxied: true,
  heapMb: 256,
};

const mostQuietRuns = 3;

/** Goods run short, answers depend on their turn and get lost, and the provider has outages. */
export function runScarceOnKafka(options: KafkaScenario): Promise<KafkaCampaignResult> {
  return runKafkaCampaign({ ...options, ...scarce });
}

/**
 * Unlimited stock, and answers that are a function of the key: the findings say, too, where the
 * output differs from that of a quiet run, which is one on the embedded log.
 */
export async function runUnlimitedOnKafka(options: KafkaScenario): Promise<KafkaCampaignResult> {
  const disturbed = await runKafkaCampaign({ ...options, ...unlimited });
  if (disturbed.evidence === undefined) return disturbed;
  const calm = await quietRun(options);
  const differs = checkWithoutCrash(disturbed.evidence, calm.evidence);
  return { ...disturbed, findings: [...disturbed.findings, ...calm.findings, ...differs] };
}

/** Undisturbed but by the machine: where that stood still for so long that answers of the provider were lost, it is no quiet run, and another one is made. */
async function quietRun(options: KafkaScenario): Promise<CampaignResult> {
  const { folder, seed, orders, print = () => {} } = options;
  for (let left = mostQuietRuns; ; left--) {
    const calm = await runCampaign({
      ...unlimited,
      folder: `${folder}-calm`,
      seed,
      orders,
      kills: 0,
      diskChecks: 0,
      // The file of baskets must be the same one: its identity is in the ids of the deliveries.
      basketsOf: folder,
    });
    await rm(`${folder}-calm`, { recursive: true, force: true });
    const states = [...statesOf(calm.evidence).values()].flat();
    const lost = states.filter((state) => state === 'PAYMENT_UNKNOWN').length;
    if (lost === 0 || left === 1) return calm;
    print(`the quiet run has lost ${lost} answers of the provider: it is made again`);
  }
}

/**
 * A member that stands still right before a commit, until others have its tasks and have done its work,
 * and then goes on with the commit. No other fault.
 */
export function runZombie(
  options: Pick<
    KafkaCampaignOptions,
    'cluster' | 'folder' | 'seed' | 'breakage' | 'limitMs' | 'print'
  >,
): Promise<KafkaCampaignResult> {
  return runKafkaCampaign({
    ...options,
    orders: 120,
    disturbMs: 0,
    members: 2,
    zombieAt: 3,
    shortShare: 0.05,
    provider: {
      latencyMs: 4,
      declineRate: 0.05,
      cutRate: 0,
      outage: undefined,
      answers: 'by-key',
    },
  });
}
