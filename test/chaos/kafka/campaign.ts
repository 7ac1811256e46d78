import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BehaviourSettings } from '../../../processors/orders/provider/behaviour.ts';
import type { RetailBasket } from '../../../schemas/orders/retail-basket.ts';
import { seededRandom } from '../../../topology/core/random.ts';
import type { Cluster } from '../../broker/harness/cluster.ts';
import { sample, writeBaskets } from '../baskets.ts';
import type { Finding } from '../finding.ts';
import { ordersPlan, readLedger } from '../open-folder.ts';
import { CampaignProvider } from '../provider.ts';
import { checkPlaced } from '../checks/placed.ts';
import { verify } from '../verify.ts';
import type { Ambush } from '../child/suicide.ts';
import { checkCopies } from './check-copies.ts';
import type { KafkaBreakage } from './child/words.ts';
import { emptyCluster } from './cluster-upkeep.ts';
import { Crew } from './crew.ts';
import { disturbBroker, disturbNetwork } from './disturbances.ts';
import { FaultPlan } from './faults.ts';
import { gatherFromKafka } from './gather.ts';
import type { KafkaEvidence } from './gather.ts';
import { nap, repeat } from './lane.ts';
import { Loading } from './loading.ts';
import { awaitRest, taskOfInput, tasksOf } from './rest.ts';
import { CampaignTally } from './tally.ts';

/** What a campaign on Kafka does. */
export interface KafkaCampaignOptions {
  /** Proxied, three brokers and a controller of its own; emptied first. */
  readonly cluster: Cluster;
  /** A folder of its own; emptied first. */
  readonly folder: string;
  readonly seed: number;
  readonly orders: number;
  /** How long faults come, ms; then everything is mended and comes to rest. 0: a quiet run. */
  readonly disturbMs: number;
  readonly members: number;
  /** Share of orders that find goods missing; 0: unlimited stock. */
  readonly shortShare: number;
  readonly provider: Omit<BehaviourSettings, 'seed'>;
  /** The first member freezes itself before its so-manieth commit, and wakes when others have taken over. */
  readonly zombieAt?: number;
  readonly breakage?: KafkaBreakage;
  /** How long it may take until it has come to rest, ms. @defaultValue no limit */
  readonly limitMs?: number;
  /** @defaultValue to nobody */
  readonly print?: (line: string) => void;
}

/** What came of it. */
export interface KafkaCampaignResult {
  readonly findings: readonly Finding[];
  /** Undefined where it did not come to rest. */
  readonly evidence: KafkaEvidence | undefined;
  readonly tally: CampaignTally;
  /** Records that tasks took. */
  readonly records: number;
  readonly commits: number;
  readonly elapsedMs: number;
}

const group = {
  // The least that brokers allow: a frozen member is a zombie soon.
  sessionTimeoutMs: 6000,
  heartbeatIntervalMs: 500,
  transactionTimeoutMs: 10_000,
  standbyReplicas: 1,
} as const;
const brokers = 3;
/** The loader puts about so many orders into a transaction. */
const ordersPerBlock = 20;
/** The rest of the orders is loaded in this time, once everything is mended, ms. */
const loadMs = 180_000;
/** First the console consumer is quick; what is found then is looked at again with patience, ms. */
const quietMs = [8000, 25_000] as const;

/** Runs the order system on a cluster under faults, lets it come to rest, and verifies what it leaves behind. */
export async function runKafkaCampaign(
  options: KafkaCampaignOptions,
): Promise<KafkaCampaignResult> {
  await rm(options.folder, { recursive: true, force: true });
  await mkdir(options.folder, { recursive: true });
  const ledger = join(options.folder, 'provider', 'ledger.jsonl');
  const { seed, provider, cluster } = options;
  await emptyCluster(cluster.brokers);
  const running = new CampaignProvider(ledger, { ...provider, seed });
  await running.start();
  try {
    return await new KafkaCampaign(options, running, ledger).run();
  } finally {
    await running.stop();
  }
}

/**
 * All that is wrong with the evidence.
 * @param complete - what was read is taken to be all there is; where it is not, the model may not make sense of it: undefined
 */
function check(
  evidence: KafkaEvidence,
  placed: readonly RetailBasket[],
  complete: boolean,
): readonly Finding[] | undefined {
  try {
    return [...verify(evidence), ...checkCopies(evidence), ...checkPlaced(evidence, placed)];
  } catch (error) {
    if (complete) throw error;
    return undefined;
  }
}

class KafkaCampaign {
  readonly #options: KafkaCampaignOptions;
  readonly #provider: CampaignProvider;
  readonly #ledger: string;
  readonly #tally = new CampaignTally(taskOfInput(ordersPlan()));
  readonly #calm = new AbortController();
  readonly #crew: Crew;
  readonly #folders: readonly string[];
  readonly #print: (line: string) => void;
  readonly #startedMs = performance.now();

  constructor(options: KafkaCampaignOptions, provider: CampaignProvider, ledger: string) {
    const { print = () => {}, folder, members } = options;
    this.#options = options;
    this.#provider = provider;
    this.#ledger = ledger;
    this.#print = (line) =>
      print(`${((performance.now() - this.#startedMs) / 1000).toFixed(1)} s  ${line}`);
    this.#folders = Array.from({ length: members }, (_, i) => join(folder, `member-${i + 1}`));
    if (options.disturbMs === 0) this.#calm.abort();
    this.#crew = this.#newCrew();
  }

  async run(): Promise<KafkaCampaignResult> {
    const { folder, orders, seed, shortShare, disturbMs, cluster, zombieAt, breakage } =
      this.#options;
    const baskets = join(folder, 'baskets.avro');
    const placed = await sample(orders);
    await writeBaskets(baskets, placed);
    const findings: Finding[] = [];
    let evidence: KafkaEvidence | undefined;
    let loading: Loading | undefined;
    const zombie: Ambush | undefined =
      zombieAt === undefined
        ? undefined
        : { point: 'commit.begin', at: zombieAt, signal: 'SIGSTOP' };
    try {
      await this.#crew.start(zombie);
      loading = new Loading({
        brokers: cluster.brokers,
        baskets,
        seed,
        shortShare,
        paceMs: Math.floor((disturbMs * ordersPerBlock) / orders),
      });
      await Promise.race([this.#disturb(loading), loading.done.then(() => new Promise(() => {}))]);
      this.#print('everything is mended');
      loading.hurry();
      await this.#crew.limit.within(loadMs, 'everything is loaded', loading.done);
      this.#print('everything is loaded');
      if (zombie !== undefined) await this.#crew.wakeZombie(tasksOf(ordersPlan()).length);
      findings.push(...(await awaitRest(this.#crew, ordersPlan(), this.#print)));
      if (findings.length === 0) {
        this.#print('at rest');
        await this.#crew.leave();
        await this.#provider.stop();
        // Where something is to be found, the quick look would be in vain.
        const looks = breakage === undefined ? quietMs : quietMs.slice(-1);
        for (const patience of looks) {
          evidence = await this.#gather(patience);
          const found = check(evidence, placed, patience === quietMs.at(-1));
          if (found?.length === 0) break;
          if (patience === quietMs.at(-1)) findings.push(...(found ?? []));
        }
      }
    } finally {
      loading?.end();
      await this.#crew.kill();
    }
    return {
      findings: [...this.#crew.stopped.list(), ...this.#crew.rebuilt.list(), ...findings],
      evidence,
      tally: this.#tally,
      records: evidence?.trace.length ?? 0,
      commits: this.#crew.commits,
      elapsedMs: performance.now() - this.#startedMs,
    };
  }

  /** Faults of all kinds at once, for a time; resolves when all of them are undone. */
  async #disturb(loading: Loading): Promise<void> {
    if (this.#options.disturbMs === 0) return;
    const { signal: calm } = this.#calm;
    const { cluster } = this.#options;
    const lanes = ['members', 'brokers', 'network', 'others'].map((_, i) => this.#plan(i + 1));
    const [members, broker, network, others] = lanes as [
      FaultPlan,
      FaultPlan,
      FaultPlan,
      FaultPlan,
    ];
    const { limit } = this.#crew;
    const shared = { cluster, tally: this.#tally, print: this.#print, calm, limit };
    const timer = setTimeout(() => this.#calm.abort(), this.#options.disturbMs);
    try {
      await Promise.all([
        this.#crew.disturb(() => members.between(500, 4000)),
        repeat(
          calm,
          () => broker.between(2000, 9000),
          () => disturbBroker({ ...shared, plan: broker }),
        ),
        repeat(
          calm,
          () => network.between(1000, 6000),
          () => disturbNetwork({ ...shared, plan: network }),
        ),
        repeat(
          calm,
          () => others.between(5000, 20_000),
          () => this.#disturbOthers(others, loading),
        ),
      ]);
    } finally {
      clearTimeout(timer);
      this.#calm.abort();
    }
  }

  async #disturbOthers(plan: FaultPlan, loading: Loading): Promise<void> {
    if (plan.chance(0.5)) {
      this.#print('the loader: SIGKILL');
      this.#tally.fault('SIGKILL of the loader');
      loading.kill();
      return;
    }
    this.#print('the provider: SIGKILL');
    this.#tally.fault('SIGKILL of the provider');
    await this.#provider.kill();
    await nap(plan.between(0, 1000), this.#calm.signal);
    await this.#provider.start();
  }

  async #gather(patience: number): Promise<KafkaEvidence> {
    return gatherFromKafka({
      plan: ordersPlan(),
      brokers: this.#options.cluster.brokers,
      folders: this.#folders,
      ledger: await readLedger(this.#ledger),
      quietMs: patience,
    });
  }

  #newCrew(): Crew {
    const { cluster, seed, breakage } = this.#options;
    const random = seededRandom(seed + 10);
    const upTo = (most: number): number => 1 + Math.floor(random() * most);
    return new Crew(
      {
        folders: this.#folders,
        plan: this.#plan(0),
        tally: this.#tally,
        print: this.#print,
        limitMs: this.#options.limitMs ?? Infinity,
        settings: (place) => ({
          brokers: cluster.brokers,
          payments: this.#provider.url,
          seed: upTo(1_000_000),
          group,
          // Both kinds of members, side by side.
          static: place % 2 === 0,
          engine: {
            commit: { interval: `${upTo(100)}ms` },
            'batch-records': upTo(60),
            'random-cuts': { seed: upTo(1_000_000) },
          },
          breakage,
        }),
      },
      this.#calm.signal,
    );
  }

  #plan(lane: number): FaultPlan {
    const { sessionTimeoutMs } = group;
    return new FaultPlan(seededRandom(this.#options.seed * 31 + lane), {
      sessionTimeoutMs,
      brokers,
    });
  }
}
