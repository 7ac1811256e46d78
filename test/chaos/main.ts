import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CampaignResult } from './campaign.ts';
import { runOnCalls } from './calls/long-run.ts';
import { chaosUsage, parseChaosOptions } from './chaos-options.ts';
import type { ChaosOptions } from './chaos-options.ts';
import type { Finding } from './finding.ts';
import { runOnKafka } from './kafka/long-run.ts';
import { runScarce, runUnlimited } from './scenarios.ts';

/*
 * `npm run test:chaos -- --kills 100 --orders 5000 --seed 7`: the long version. Two campaigns, one with goods that run short and all that can go wrong, one with
 * unlimited stock that is compared with a run without a crash. `--calls --kills 50`: each kill at a step of a call, for each effect of a call. `--log kafka --minutes 15 --members 4`: the same on a cluster that is disturbed, too.
 * Exit codes: 0 nothing was found, 1 something was (the data folder stays), 2 wrong usage.
 */
const options = parseChaosOptions(process.argv.slice(2));
if (process.argv.includes('--help')) {
  process.stdout.write(`${chaosUsage}\n`);
} else if (typeof options === 'string') {
  process.stderr.write(`${options}\n`);
  process.exitCode = 2;
} else {
  // Not when nothing is left to do: a connection that a fault left half open would keep it alive.
  process.exit(await run(options));
}

async function run(options: ChaosOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-chaos-'));
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const many = options.what === 'calls' ? '' : `, ${options.orders} orders`;
  print(`seed ${options.seed}${many}, data in ${folder}`);
  const found = await runWhat(options, folder, print);
  if (found.length > 0) return 1;
  await rm(folder, { recursive: true, force: true });
  return 0;
}

function runWhat(
  options: ChaosOptions,
  folder: string,
  print: (line: string) => void,
): Promise<readonly Finding[]> {
  switch (options.what) {
    case 'kafka':
      return runOnKafka({ ...options, folder, print });
    case 'calls':
      return runOnCalls({ ...options, folder, print });
    case 'embedded':
      return runEmbedded({ ...options, folder, print });
  }
}

async function runEmbedded(
  options: Extract<ChaosOptions, { what: 'embedded' }> & {
    readonly folder: string;
    readonly print: (line: string) => void;
  },
): Promise<readonly Finding[]> {
  const { folder, seed, orders, kills, print } = options;
  print('\ngoods run short, answers get lost, the provider dies now and then');
  const scarce = await runScarce({
    folder: join(folder, 'scarce'),
    seed,
    orders,
    kills,
    providerKills: Math.ceil(kills / 15),
    diskChecks: 0.3,
    print,
  });
  report(scarce, scarce.findings, print);
  print('\nunlimited stock, answers by key, compared with a run without a crash');
  const unlimited = await runUnlimited({
    folder: join(folder, 'unlimited'),
    seed,
    orders,
    kills: Math.ceil(kills / 2),
    diskChecks: 0.1,
    print,
  });
  report(unlimited, unlimited.findings, print);
  return [...scarce.findings, ...unlimited.findings];
}

function report(
  result: CampaignResult,
  findings: readonly Finding[],
  print: (line: string) => void,
): void {
  const { kills, providerKills, recoveries, callsAgain, records, longestRecoveryMs } = result;
  const more = providerKills > 0 ? ` and ${providerKills} of the provider` : '';
  print(`${kills} kills of the runner${more}, ${kills} restarts, ${recoveries} recoveries`);
  print(`longest recovery ${longestRecoveryMs} ms, ${callsAgain} calls issued again`);
  print(`${records} records taken`);
  for (const { check, message } of findings) print(`FOUND ${check}: ${message}`);
  if (findings.length === 0) print('nothing lost, nothing doubled: every check holds');
}
