import { rm } from 'node:fs/promises';
import { runCampaign } from './campaign.ts';
import type { CampaignOptions, CampaignResult } from './campaign.ts';
import { checkWithoutCrash } from './checks/without-crash.ts';
import type { Breakage } from './child/settings.ts';

/** What the scenarios leave open. */
export type ScenarioOptions = Pick<
  CampaignOptions,
  'folder' | 'seed' | 'orders' | 'kills' | 'providerKills' | 'diskChecks' | 'print'
>;

/** Goods run short, answers depend on their turn and get lost, and the provider has outages. */
export const scarce = {
  shortShare: 0.05,
  provider: {
    latencyMs: 8,
    declineRate: 0.08,
    cutRate: 0.004,
    outage: { everyMs: 4000, forMs: 300 },
    answers: 'by-turn',
  },
} as const;

/** Unlimited stock, and answers that are a function of the key. */
export const unlimited = {
  shortShare: 0,
  provider: { latencyMs: 8, declineRate: 0.08, cutRate: 0, outage: undefined, answers: 'by-key' },
} as const;

/** Goods run short, answers depend on their turn and get lost, outages, and a careless producer sends repeats and conflicts. */
export function runScarce(options: ScenarioOptions): Promise<CampaignResult> {
  return runCampaign({ ...options, ...scarce, strays: true });
}

/** Unlimited stock, and answers that are a function of the key: the findings say, too, where the output differs from that of a run without a crash. */
export async function runUnlimited(options: ScenarioOptions): Promise<CampaignResult> {
  const same = { ...options, ...unlimited };
  const crashed = await runCampaign(same);
  // The file of baskets must be the same one: its identity is in the ids of the deliveries.
  const calm = await runCampaign({
    ...same,
    folder: `${options.folder}-calm`,
    kills: 0,
    basketsOf: options.folder,
  });
  const findings = [
    ...crashed.findings,
    ...calm.findings,
    ...checkWithoutCrash(crashed.evidence, calm.evidence),
  ];
  await rm(`${options.folder}-calm`, { recursive: true, force: true });
  return { ...crashed, findings };
}

/** Long enough that the runner has nothing left to do, and is killed for that. */
const neverMs = 60_000;

/**
 * A run that breaks an invariant, killed where that shows: between the disk store's taking an
 * overlay and the log's, or when all that it may load is done.
 */
export function runBroken(
  breakage: Breakage,
  options: Omit<ScenarioOptions, 'providerKills' | 'kills'>,
): Promise<CampaignResult> {
  return runCampaign({
    ...options,
    kills: 2,
    breakage,
    shortShare: 0.05,
    provider: {
      latencyMs: 4,
      declineRate: 0.05,
      cutRate: 0,
      outage: undefined,
      answers: 'by-key',
    },
    draw: (random) =>
      breakage === 'E3-no-positions'
        ? { kind: 'after-ready', ms: neverMs }
        : { kind: 'suicide', point: 'apply.done', at: 4 + Math.floor(random() * 6) },
  });
}
