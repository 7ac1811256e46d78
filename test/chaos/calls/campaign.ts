import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../../../topology/core/random.ts';
import { sample, writeBaskets } from '../baskets.ts';
import type { RunnerSettings } from '../child/settings.ts';
import { isExpected } from '../expected-reports.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { live } from '../life.ts';
import type { LifeEnd } from '../life.ts';
import type { Answer } from '../model/charge-task.ts';
import { ledgerFile, readFolder, readLedger } from '../open-folder.ts';
import { CampaignProvider } from '../provider.ts';
import { verify } from '../verify.ts';
import type { CallEffectName, CallStep, OwnStep, Strike } from './call-steps.ts';
import { ownSteps, stepsOf, stepTexts } from './call-steps.ts';
import { checkCalls, checkFates, endsOf } from './check-calls.ts';
import { Gateway } from './gateway.ts';
import { writeTopology } from './topology.ts';

/** What a campaign of kills at the steps of calls does. */
export interface CallCampaignOptions {
  /** A folder of its own; emptied first. */
  readonly folder: string;
  readonly seed: number;
  readonly effect: CallEffectName;
  /** How many kills each step of {@link stepsOf} gets. */
  readonly kills: number;
  /** Ends the kills early; what was done until then is verified. @defaultValue all kills come */
  readonly signal?: AbortSignal;
  readonly print?: (line: string) => void;
}

/** What came of it. */
export interface CallCampaignResult {
  readonly findings: readonly Finding[];
  /** Step → kills that hit it. */
  readonly kills: ReadonlyMap<CallStep, number>;
  /** Lives that had nothing left to do before their step came, and were killed then. */
  readonly idle: number;
  /** Calls that ended. */
  readonly calls: number;
  /** Requests beyond the first of their calls. */
  readonly again: number;
  readonly lookUps: number;
  /** Calls that ended as unknown. */
  readonly unknown: number;
  readonly longestRecoveryMs: number;
}

/** So many orders for each kill; most lives load 2 to 12, and a third do not come to their step. */
const ordersPerKill = 24;
/** One or two baskets in each transaction of the loader. */
const blockBytes = 300;

/** Runs the order system with an effect of its call, killing it at each step of a call, and verifies what it leaves behind. */
export async function runCallCampaign(options: CallCampaignOptions): Promise<CallCampaignResult> {
  const { folder, effect } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return new CallCampaign(options, await writeTopology(folder, effect)).run();
}

class CallCampaign {
  readonly #options: CallCampaignOptions;
  readonly #topology: string;
  readonly #random: () => number;
  readonly #data: string;
  readonly #provider: CampaignProvider;
  readonly #gateway: Gateway;
  readonly #aim = new Findings('struck-there');
  readonly #rebuilt = new Findings('never-rebuilt');
  readonly #books = new Findings('conservation');
  readonly #strikes: Strike[] = [];
  #lives = 0;
  #loaded = 0;
  #longestRecoveryMs = 0;

  constructor(options: CallCampaignOptions, topology: string) {
    const { folder, seed } = options;
    this.#options = options;
    this.#topology = topology;
    this.#random = seededRandom(seed);
    this.#data = join(folder, 'data');
    this.#provider = new CampaignProvider(ledgerFile(this.#data), {
      seed,
      latencyMs: 8,
      declineRate: 0.08,
      cutRate: 0,
      outage: undefined,
      answers: 'by-key',
    });
    this.#gateway = new Gateway(() => this.#provider.url);
  }

  async run(): Promise<CallCampaignResult> {
    const { effect, kills, signal, print = () => {} } = this.#options;
    const ahead = this.#shuffled(
      stepsOf[effect].flatMap((step) => Array<CallStep>(kills).fill(step)),
    );
    const total = ahead.length;
    const orders = 20 + total * ordersPerKill;
    await writeBaskets(this.#baskets, await sample(orders), blockBytes);
    await this.#provider.start();
    await this.#gateway.start();
    let idle = 0;
    try {
      for (let step = ahead.pop(); step !== undefined;) {
        if (signal?.aborted === true) break;
        if (await this.#lifeAndDeath(step)) {
          print(`kill ${this.#strikes.length} of ${total}: ${effect}, ${stepTexts[step]}`);
          step = ahead.pop();
        } else if (this.#loaded < orders) {
          idle += 1;
        } else {
          this.#aim.add(`all orders were used up by kill ${this.#strikes.length} of ${total}`);
          break;
        }
      }
      await this.#lastLife();
    } finally {
      await this.#gateway.stop();
      await this.#provider.stop();
    }
    return this.#result(idle);
  }

  get #baskets(): string {
    return join(this.#options.folder, 'baskets.avro');
  }

  async #result(idle: number): Promise<CallCampaignResult> {
    const { effect } = this.#options;
    const evidence = await readFolder(this.#data, this.#topology);
    const { asked, lookUps } = this.#gateway;
    const calls = { effect, asked, ends: endsOf(evidence) };
    const unknown = new Set<string>();
    for (const [key, [end]] of calls.ends) if (end?.outcome === 'unknown') unknown.add(key);
    const charged = new Map(evidence.ledger.map(({ key, state }) => [key, state as Answer]));
    const answerTo = (key: string): Answer | undefined =>
      unknown.has(key) ? 'UNKNOWN' : charged.get(key);
    const kills = new Map<CallStep, number>(stepsOf[effect].map((step) => [step, 0]));
    for (const { step } of this.#strikes) kills.set(step, (kills.get(step) ?? 0) + 1);
    return {
      findings: [
        ...this.#aim.list(),
        ...this.#rebuilt.list(),
        ...this.#books.list(),
        ...verify(evidence, answerTo),
        ...checkCalls(evidence, calls),
        ...checkFates(calls, this.#strikes),
      ],
      kills,
      idle,
      lookUps,
      calls: calls.ends.size,
      again: asked.length - new Set(asked.map(({ key }) => key)).size,
      unknown: unknown.size,
      longestRecoveryMs: Math.round(this.#longestRecoveryMs),
    };
  }

  /** One life, up to its kill; false: it had nothing left to do before that. */
  async #lifeAndDeath(step: CallStep): Promise<boolean> {
    const upTo = (most: number): number => 1 + Math.floor(this.#random() * most);
    const settings = this.#settings(this.#loaded + 1 + upTo(8));
    const own = ownSteps.includes(step as OwnStep);
    const keys = own
      ? await this.#ownDeath(settings, step as OwnStep, upTo(3))
      : await this.#deathOnTheWire(settings, step as 'in-flight' | 'acted', upTo(4));
    if (keys.length === 0) return false;
    this.#strikes.push({ step, life: this.#lives, keys });
    return true;
  }

  async #ownDeath(settings: RunnerSettings, step: OwnStep, at: number): Promise<readonly string[]> {
    this.#begin();
    const { struck } = this.#remember(await live(settings, { kind: 'call', step, at }));
    const { asked, replied } = this.#gateway;
    const known = new Set(asked.map(({ key }) => key));
    const charged = struck.length === 0 ? new Set() : await this.#charged();
    for (const key of struck) {
      const sent = step === 'before-outcome' || step === 'after-outcome';
      if (known.has(key) !== sent) this.#aim.add(`${step}: ${key} was ${sent ? 'not ' : ''}sent`);
      if (replied.has(key) !== sent) this.#aim.add(`${step}: ${key} ${sent ? 'not ' : ''}answered`);
      if (charged.has(key) !== sent) this.#aim.add(`${step}: ${key} ${sent ? 'not ' : ''}charged`);
    }
    return struck;
  }

  async #deathOnTheWire(
    settings: RunnerSettings,
    step: 'in-flight' | 'acted',
    at: number,
  ): Promise<readonly string[]> {
    const kill = new AbortController();
    const keys: string[] = [];
    const gone = Promise.withResolvers<void>();
    const strike = async (key: string): Promise<void> => {
      keys.push(key);
      kill.abort();
      await gone.promise;
      const charged = await this.#charged();
      if (charged.has(key) !== (step === 'acted')) {
        this.#aim.add(`${step}: ${key} was ${charged.has(key) ? '' : 'not '}charged`);
      }
    };
    this.#begin({ step, at, strike });
    try {
      this.#remember(await live(settings, undefined, kill.signal));
    } finally {
      gone.resolve();
    }
    return keys;
  }

  #begin(ambush?: Parameters<Gateway['begin']>[1]): void {
    this.#lives += 1;
    this.#gateway.begin(this.#lives, ambush);
  }

  async #charged(): Promise<ReadonlySet<string>> {
    return new Set((await readLedger(ledgerFile(this.#data))).map(({ key }) => key));
  }

  /** Nobody kills it: it loads the rest, works to the end and adds up. */
  async #lastLife(): Promise<void> {
    this.#begin();
    const { done } = this.#remember(await live(this.#settings(undefined), undefined));
    if (done?.books.conservation !== true)
      this.#books.add('the summary says that it does not hold');
    if (done?.books.ledger !== true) this.#books.add('the ledger does not hold in the summary');
  }

  #remember(end: LifeEnd): LifeEnd {
    const { readyAfterMs = 0, reports, loaded } = end;
    for (const report of reports) if (!isExpected(report)) this.#rebuilt.add(report);
    this.#loaded = Math.max(this.#loaded, loaded);
    if (this.#lives > 1) {
      this.#longestRecoveryMs = Math.max(this.#longestRecoveryMs, readyAfterMs);
    }
    return end;
  }

  #settings(upTo: number | undefined): RunnerSettings {
    const { seed } = this.#options;
    const any = (most: number): number => 1 + Math.floor(this.#random() * most);
    return {
      upTo,
      seed,
      topology: this.#topology,
      compiled: join(this.#options.folder, 'compiled'),
      data: this.#data,
      baskets: this.#baskets,
      payments: this.#gateway.url,
      shortShare: 0.05,
      breakage: undefined,
      sync: 'interval',
      engine: {
        commit: { interval: `${any(20)}ms`, 'max-rate': 200 },
        'batch-records': any(20),
        'random-cuts': { seed: any(1_000_000) },
      },
      suicide: undefined,
    };
  }

  #shuffled(steps: CallStep[]): CallStep[] {
    for (let i = steps.length - 1; i > 0; i--) {
      const j = Math.floor(this.#random() * (i + 1));
      [steps[i], steps[j]] = [steps[j] as CallStep, steps[i] as CallStep];
    }
    return steps;
  }
}
