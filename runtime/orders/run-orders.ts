import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../../topology/core/errors.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { Log, SchemaRegistry, TopicSpec } from '../ports.ts';
import { readDepartments } from './departments.ts';
import { countJournaled, countUnread } from './in-flight.ts';
import { openBaskets } from './input-schemas.ts';
import { fetchLedger } from './ledger-client.ts';
import { loadBaskets } from './loader.ts';
import type { ServiceReport } from './services/service-report.ts';
import { openShopSerdes, shopTopics } from './shop-serdes.ts';
import type { ShopSerdes } from './shop-serdes.ts';
import { StatusFollower } from './status-follower.ts';
import type { SummaryInput } from './summary.ts';
import { tallyOrders } from './tally.ts';

/** What the order system needs of the running application `orders`. */
export interface OrdersApplication {
  readonly log: Log;
  readonly registry: SchemaRegistry;
  readonly plan: Plan;
  /** True when nothing is under way: all that was fetched is committed, no call is journaled, no timer is due. */
  readonly quiet: boolean;
  /** Why it stopped by itself; undefined while it runs. */
  readonly failure: unknown;
}

/** What runs beside the application `orders`, and is waited for, too. */
export interface Besides {
  /** Does what is to be done from outside while a run goes on. */
  poll(): Promise<unknown>;
  /** True when nothing is left to be done. */
  atRest(): Promise<boolean>;
  /** What it has to show. Asked at rest. */
  report(): Promise<readonly ServiceReport[]>;
}

/** How far a run is. Deliveries and baskets are of the whole file, `ended` counts this run alone. */
export interface RunProgress {
  readonly deliveries: number;
  readonly baskets: number;
  readonly ended: number;
}

export interface RunOptions {
  /** File of baskets. */
  readonly orders: string;
  /** What the orders are in, for people: the data folder as the user wrote it, or the cluster. */
  readonly data: string;
  readonly seed: number;
  readonly shortShare: number;
  /** URL of the payment provider. */
  readonly payments: string;
  /** @defaultValue nothing runs beside it */
  readonly besides?: Besides;
  readonly signal: AbortSignal;
  readonly monotonic: () => number;
  /** Told now and then how far the run is. */
  readonly progress: (state: RunProgress) => void;
}

const pollMs = 25;

/**
 * Loads the baskets, waits until the application has taken all that is in the log, and adds up. Undefined if the signal ended it first.
 *
 * @throws what made the application fail
 * @throws {ConfigError} INPUT_FILE, LEDGER_UNREACHABLE
 */
export async function runOrders(
  application: OrdersApplication,
  options: RunOptions,
): Promise<SummaryInput | undefined> {
  const { log } = application;
  const serdes = await openShopSerdes(application.registry);
  const follower = new StatusFollower(log, options.monotonic);
  await follower.skipPresent();
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const loading = new Loading(application, serdes, follower, { ...options, signal });
  const started = options.monotonic();
  let lastEnd = started;
  try {
    lastEnd = await follow(application, options, follower, loading);
  } finally {
    stop.abort();
    await loading.settled;
  }
  if (application.failure !== undefined) throw application.failure;
  if (loading.failure !== undefined) throw loading.failure;
  if (options.signal.aborted) return undefined;
  const tally = await tallyOrders({ log, serdes, departments: await readDepartments() });
  return {
    tally,
    ledger: await fetchLedger(options.payments, tally.unknownOrders),
    run: {
      orders: follower.ended,
      elapsedMs: lastEnd - started,
      latency: follower.latency(),
    },
    ...(options.besides === undefined ? {} : { services: await options.besides.report() }),
    data: options.data,
  };
}

/** Resolves when there is nothing left to do, or when something failed; with the monotonic time at which the last order ended. */
async function follow(
  application: OrdersApplication,
  options: RunOptions,
  follower: StatusFollower,
  loading: Loading,
): Promise<number> {
  let lastEnd = options.monotonic();
  for (;;) {
    const before = follower.ended;
    await follower.poll();
    if (follower.ended > before) lastEnd = options.monotonic();
    options.progress({ ...loading.reached, ended: follower.ended });
    const failed = application.failure !== undefined || loading.failure !== undefined;
    if (failed || options.signal.aborted) return lastEnd;
    await options.besides?.poll();
    if (loading.done && (await allAtRest(application, options)) && !(await follower.poll())) {
      return lastEnd;
    }
    await sleep(pollMs);
  }
}

/** True when neither the application nor what runs beside it has anything left to do: they feed each other. */
async function allAtRest(
  application: OrdersApplication,
  { besides }: RunOptions,
): Promise<boolean> {
  // To look into the log costs more than to ask who runs.
  if (!application.quiet || !((await besides?.atRest()) ?? true)) return false;
  return (await isAtRest(application)) && ((await besides?.atRest()) ?? true);
}

/** True when every record is taken and nothing is under way, in other members of the group neither. */
async function isAtRest(application: OrdersApplication): Promise<boolean> {
  const { log } = application;
  // The application knows what it has fetched, the log what is there: quiet before and after, with nothing unread between, is rest.
  if (!application.quiet || (await countUnread(log)) > 0) return false;
  // What other members have under way is not committed, or a call in the journal.
  return application.quiet && (await countJournaled(log)) === 0 && (await countUnread(log)) === 0;
}

/** The loader at work beside the application. */
class Loading {
  reached = { deliveries: 0, baskets: 0 };
  done = false;
  failure: unknown;
  /** Resolves when the loader has ended, however. */
  readonly settled: Promise<void>;

  constructor(
    application: OrdersApplication,
    serdes: ShopSerdes,
    follower: StatusFollower,
    options: RunOptions,
  ) {
    this.settled = this.#load(application, serdes, follower, options).then(
      () => {
        this.done = true;
      },
      (error: unknown) => {
        this.failure = error;
      },
    );
  }

  async #load(
    { log, plan }: OrdersApplication,
    serdes: ShopSerdes,
    follower: StatusFollower,
    options: RunOptions,
  ): Promise<void> {
    const baskets = await openBaskets(options.orders);
    try {
      const placed = topicSpec(plan, shopTopics.placed);
      const deliveries = topicSpec(plan, shopTopics.deliveries);
      this.reached = await loadBaskets({
        log,
        serdes,
        baskets,
        topics: { placed, deliveries },
        seed: options.seed,
        shortShare: options.shortShare,
        signal: options.signal,
        committed: (orderIds) => follower.committed(orderIds),
        progress: (place) => {
          this.reached = place;
        },
      });
    } finally {
      await baskets.close();
    }
  }
}

function topicSpec(plan: Plan, name: string): TopicSpec {
  const topic = plan.topics.get(name);
  if (topic?.partitions === undefined) {
    const message = `the topology does not declare topic ${name} with its partitions: the loader writes to it`;
    throw new ConfigError('ORDERS_TOPIC', message);
  }
  const { partitions, cleanup, retention } = topic;
  return { name, partitions, cleanup, retention };
}
