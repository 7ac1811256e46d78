import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CampaignResult } from './campaign.ts';
import type { Finding } from './finding.ts';
import { runScarce, runUnlimited } from './scenarios.ts';

/*
 * `npm run test:chaos -- --kills 100 --orders 5000 --seed 7`: the long version. Two campaigns, one with goods that run short and all that can go wrong, one with
 * unlimited stock that is compared with a run without a crash. Exit codes: 0 nothing was found, 1 something was (the data folder stays), 2 wrong usage.
 */
const usage = 'usage: npm run test:chaos -- [--kills N] [--orders N] [--seed S]\n';

const numbers = parse(process.argv.slice(2));
if (numbers === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  process.exitCode = await run(numbers);
}

interface Numbers {
  readonly kills: number;
  readonly orders: number;
  readonly seed: number;
}

function parse(args: string[]): Numbers | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: {
        kills: { type: 'string', default: '100' },
        orders: { type: 'string', default: '5000' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      },
    });
    const [kills, orders, seed] = [values.kills, values.orders, values.seed].map(Number);
    const all = [kills, orders, seed];
    if (all.some((it) => it === undefined || !Number.isSafeInteger(it) || it < 0)) return undefined;
    return { kills, orders, seed } as Numbers;
  } catch {
    return undefined;
  }
}

async function run({ kills, orders, seed }: Numbers): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-chaos-'));
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  print(`seed ${seed}, ${orders} orders, data in ${folder}`);
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
  if (scarce.findings.length + unlimited.findings.length > 0) return 1;
  await rm(folder, { recursive: true, force: true });
  return 0;
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
