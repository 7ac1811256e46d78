import { join } from 'node:path';
import type { Finding } from '../finding.ts';
import { callEffects, stepTexts } from './call-steps.ts';
import { runCallCampaign } from './campaign.ts';
import type { CallCampaignResult } from './campaign.ts';

/** What the command line asks for. */
export interface CallRunOptions {
  readonly folder: string;
  readonly seed: number;
  /** For each step of each effect. */
  readonly kills: number;
  /** How long kills come, all effects together; undefined: until all have come. */
  readonly minutes: number | undefined;
  readonly print: (line: string) => void;
}

/** Kills the order system at each step of a call, effect by effect, and reports. */
export async function runOnCalls(options: CallRunOptions): Promise<readonly Finding[]> {
  const { folder, minutes, print } = options;
  const minutesEach = minutes === undefined ? undefined : minutes / callEffects.length;
  const found: Finding[] = [];
  for (const effect of callEffects) {
    print(`\ncalls that are ${effect}`);
    const result = await runCallCampaign({
      ...options,
      effect,
      folder: join(folder, effect),
      ...(minutesEach === undefined ? {} : { signal: AbortSignal.timeout(minutesEach * 60_000) }),
    });
    for (const line of reportOf(result)) print(line);
    found.push(...result.findings);
  }
  return found;
}

/** The report of a campaign, line by line. */
export function reportOf(result: CallCampaignResult): readonly string[] {
  const { kills, idle, calls, again, lookUps, unknown, longestRecoveryMs, findings } = result;
  return [
    ...[...kills].map(([step, count]) => `${String(count).padStart(5)} kills ${stepTexts[step]}`),
    `${calls} calls, ${again} requests made again, ${lookUps} look-ups, ${unknown} ended unknown`,
    `longest recovery ${longestRecoveryMs} ms; ${idle} lives did not come to their step`,
    ...findings.map(({ check, message }) => `FOUND ${check}: ${message}`),
    ...(findings.length === 0 ? ['nothing lost, nothing doubled: every check holds'] : []),
  ];
}
