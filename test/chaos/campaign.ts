import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BehaviourSettings } from '../../processors/orders/provider/behaviour.ts';
import type { SyncMode } from '../../runtime/embedded/durability.ts';
import { seededRandom } from '../../topology/core/random.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { sample, writeBaskets } from './baskets.ts';
import { checkDiskBehindLog } from './checks/disk.ts';
import type { Breakage, RunnerSettings } from './child/settings.ts';
import type { Evidence } from './evidence.ts';
import { isExpected, tellsOfDeadLetters } from './expected-reports.ts';
import { Findings } from './finding.ts';
import type { Finding } from './finding.ts';
import { drawKill, killText } from './kill-plan.ts';
import { live } from './life.ts';
import type { KillPlan, LifeEnd } from './life.ts';
import { ledgerFile, ordersPlan, readFolder } from './open-folder.ts';
import { CampaignProvider } from './provider.ts';
import { Strays } from './strays.ts';
import { verify } from './verify.ts';

/** What a campaign does. */
export interface CampaignOptions {
  /** A folder of its own; emptied first. */
  readonly folder: string;
  readonly seed: number;
  readonly orders: number;
  readonly kills: number;
  /** Of the kills, so many come with a SIGKILL of the provider. @defaultValue 0 */
  readonly providerKills?: number;
  /** Share of orders that find goods missing; 0: unlimited stock. */
  readonly shortShare: number;
  readonly provider: Omit<BehaviourSettings, 'seed'>;
  /** Send repeats, conflicts and picks between two lives. @defaultValue false */
  readonly strays?: boolean;
  /** Look at the disk after this share of the kills, 0…1. */
  readonly diskChecks: number;
  readonly breakage?: Breakage;
  /** Folder of a campaign whose file of baskets this one reads. @defaultValue it writes its own */
  readonly basketsOf?: string;
  /** Draws the kills. @defaultValue {@link drawKill} */
  readonly draw?: (random: () => number, startMs: number) => KillPlan;
  readonly print?: (line: string) => void;
}

/** What came of it. */
export interface CampaignResult {
  readonly findings: readonly Finding[];
  readonly evidence: Evidence;
  readonly kills: number;
  readonly providerKills: number;
  /** Starts after a kill that came so far as to run. */
  readonly recoveries: number;
  /** Calls that were journaled and issued again at a start. */
  readonly callsAgain: number;
  /** Records that tasks took. */
  readonly records: number;
  readonly longestRecoveryMs: number;
}

const syncModes: readonly SyncMode[] = ['commit', 'interval', 'never'];
/** Before anything was measured, ms. */
const assumedStartMs = 800;

/** Runs the order system through its orders, killing the runner again and again, and verifies what it leaves behind. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  await rm(options.folder, { recursive: true, force: true });
  await mkdir(options.folder, { recursive: true });
  return new Campaign(options).run();
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #random: () => number;
  readonly #data: string;
  readonly #baskets: string;
  readonly #provider: CampaignProvider;
  readonly #strays = new Strays();
  readonly #rebuilt = new Findings('never-rebuilt');
  readonly #found: Finding[] = [];
  readonly #starts: number[] = [];
  #kills = 0;
  #providerKills = 0;
  #recoveries = 0;
  #callsAgain = 0;
  #plan: Plan | undefined;

  constructor(options: CampaignOptions) {
    const { folder, seed, provider, basketsOf = folder } = options;
    this.#options = options;
    this.#random = seededRandom(seed);
    this.#data = join(folder, 'data');
    this.#baskets = join(basketsOf, 'baskets.avro');
    this.#provider = new CampaignProvider(ledgerFile(this.#data), { ...provider, seed });
  }

  async run(): Promise<CampaignResult> {
    const { orders, kills } = this.#options;
    const baskets = await sample(orders);
    if (this.#options.basketsOf === undefined) await writeBaskets(this.#baskets, baskets);
    this.#plan = ordersPlan();
    await this.#provider.start();
    try {
      while (this.#kills < kills) await this.#lifeAndDeath();
      await this.#lastLife();
    } finally {
      await this.#provider.stop();
    }
    const evidence = await readFolder(this.#data);
    return {
      findings: [
        ...this.#found,
        ...this.#rebuilt.list(),
        ...verify(evidence),
        ...this.#strays.checkPlaced(evidence, baskets),
      ],
      evidence,
      kills: this.#kills,
      providerKills: this.#providerKills,
      recoveries: this.#recoveries,
      callsAgain: this.#callsAgain,
      records: evidence.trace.length,
      longestRecoveryMs: Math.round(Math.max(0, ...this.#starts.slice(1))),
    };
  }

  async #lifeAndDeath(): Promise<void> {
    const { orders, kills, providerKills = 0, draw = drawKill, print = () => {} } = this.#options;
    const plan = draw(this.#random, this.#starts.at(-1) ?? assumedStartMs);
    const upTo = Math.ceil((orders * (this.#kills + 1)) / (kills + 1));
    // Evenly over the campaign, so that the provider dies early, late and in between.
    const withProvider =
      Math.floor(((this.#kills + 1) * providerKills) / kills) > this.#providerKills;
    const life = live(this.#settings(upTo), plan);
    const end = withProvider ? await this.#killProviderDuring(life) : await life;
    this.#remember(end);
    this.#kills += 1;
    const how = end.idle ? 'with nothing left to do' : killText(plan);
    const also = withProvider ? ', and the provider' : '';
    print(`kill ${this.#kills}: ${how}${also}`);
    if (this.#random() < this.#options.diskChecks) {
      this.#found.push(...(await checkDiskBehindLog(this.#data, this.#plan as Plan)));
    }
    // Not after every kill: the share of dead letters must stay below `halt-above`.
    const strays = this.#options.strays === true && this.#kills % 3 === 0;
    if (strays && this.#recoveries > 0) {
      await this.#strays.send(this.#data, this.#random);
      print('a careless producer sends repeats, conflicts and nonsense');
    }
  }

  async #killProviderDuring(life: Promise<LifeEnd>): Promise<LifeEnd> {
    const delayMs = this.#random() * 1.5 * (this.#starts.at(-1) ?? assumedStartMs);
    const downMs = this.#random() * 300;
    const [end] = await Promise.all([
      life,
      sleep(delayMs)
        .then(() => this.#provider.kill())
        .then(() => sleep(downMs))
        .then(() => this.#provider.start()),
    ]);
    this.#providerKills += 1;
    return end;
  }

  /** Nobody kills it: it loads the rest, works to the end and adds up. */
  async #lastLife(): Promise<void> {
    const end = await live(this.#settings(undefined), undefined);
    this.#remember(end);
    const books = new Findings('conservation');
    if (end.done?.books.conservation !== true) books.add('the summary says that it does not hold');
    if (end.done?.books.ledger !== true)
      books.add('the summary says that the ledger does not hold');
    this.#found.push(...books.list());
  }

  #remember({ readyAfterMs, calls, reports }: LifeEnd): void {
    const { strays = false } = this.#options;
    for (const report of reports) {
      if (isExpected(report) || (strays && tellsOfDeadLetters(report))) continue;
      this.#rebuilt.add(report);
    }
    if (readyAfterMs === undefined) return;
    this.#starts.push(readyAfterMs);
    if (this.#kills > 0) this.#recoveries += 1;
    this.#callsAgain += calls;
  }

  #settings(upTo: number | undefined): RunnerSettings {
    const { seed, shortShare, breakage } = this.#options;
    const upToOf = (most: number): number => 1 + Math.floor(this.#random() * most);
    return {
      upTo,
      seed,
      shortShare,
      breakage,
      data: this.#data,
      baskets: this.#baskets,
      payments: this.#provider.url,
      sync: syncModes[upToOf(syncModes.length) - 1] ?? 'commit',
      engine: {
        commit: { interval: `${upToOf(20)}ms`, 'max-rate': 200 },
        'batch-records': upToOf(60),
        'random-cuts': { seed: upToOf(1_000_000) },
      },
      suicide: undefined,
    };
  }
}
