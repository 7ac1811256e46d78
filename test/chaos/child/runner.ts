import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApplication } from '../../../runtime/app/application.ts';
import type { Application } from '../../../runtime/app/application.ts';
import { openBaskets } from '../../../runtime/orders/input-schemas.ts';
import { loadBaskets } from '../../../runtime/orders/loader.ts';
import { runOrders } from '../../../runtime/orders/run-orders.ts';
import { openShopSerdes, shopTopics } from '../../../runtime/orders/shop-serdes.ts';
import { conservationHolds, ledgerHolds } from '../../../runtime/orders/summary.ts';
import type { TopicSpec } from '../../../runtime/ports.ts';
import { lineLogger } from '../../../runtime/logger.ts';
import { traceTopic } from '../evidence.ts';
import { ordersTopology } from '../open-folder.ts';
import { breakPorts } from './breakage.ts';
import { withCallSuicide } from './call-suicide.ts';
import type { RunnerSettings, RunnerWord } from './settings.ts';
import { withSuicide } from './suicide.ts';

/*
 * The process that is killed: runs the order system on a data folder, from the settings in its one argument. Says what it does on standard output.
 */
const pollMs = 5;
const settings = JSON.parse(process.argv[2] ?? '{}') as RunnerSettings;

// A runner whose parent is gone must not live on.
process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL')).resume();

try {
  await run();
} catch (error) {
  say({ say: 'failed', message: error instanceof Error ? (error.stack ?? '') : String(error) });
  process.exitCode = 1;
}
process.exit();

function say(word: RunnerWord): void {
  writeSync(1, `${JSON.stringify(word)}\n`);
}

async function run(): Promise<void> {
  const { breakage, suicide, callSuicide, topology = ordersTopology } = settings;
  process.env['PAYMENTS_URL'] = settings.payments;
  const application = await startApplication({
    topology,
    data: settings.data,
    sync: settings.sync,
    seed: settings.seed,
    options: settings.engine,
    trace: traceTopic,
    logger: lineLogger((message) => say({ say: 'report', message })),
    wrap: (ports) => {
      const broken = breakage === undefined ? ports : breakPorts(ports, breakage);
      const mortal = withCallSuicide(broken, callSuicide, (keys) => say({ say: 'struck', keys }));
      return withSuicide(mortal, suicide, () => say({ say: 'committed' }));
    },
  });
  while (application.restoring.length > 0) await sleep(1);
  say({ say: 'ready', calls: application.openCalls });
  if (settings.compiled !== undefined) flushCompileCache();
  try {
    if (settings.upTo !== undefined) await work(application, settings.upTo);
    else if (breakage === undefined) await finish(application);
    else await finishBroken(application);
  } finally {
    await application.close();
  }
}

/** Loads its share, then works on until it is killed. */
async function work(application: Application, upTo: number): Promise<void> {
  await load(application, upTo);
  await rest(application);
  say({ say: 'idle' });
  await application.stopped;
  throw application.failure;
}

async function load(application: Application, upTo: number): Promise<void> {
  const enough = new AbortController();
  const baskets = await openBaskets(settings.baskets);
  await loadBaskets({
    log: application.log,
    serdes: await openShopSerdes(application.registry),
    baskets,
    topics: {
      placed: topicSpec(application, shopTopics.placed),
      deliveries: topicSpec(application, shopTopics.deliveries),
    },
    seed: settings.seed,
    shortShare: settings.shortShare,
    signal: enough.signal,
    progress: (place) => {
      say({ say: 'loaded', baskets: place.baskets });
      if (place.stocked && place.baskets >= upTo) enough.abort();
    },
  });
  await baskets.close();
}

async function rest(application: Application): Promise<void> {
  while (!(await application.caughtUp())) {
    if (application.failure !== undefined) throw application.failure;
    await sleep(pollMs);
  }
}

/** Loads the rest, waits for the end and adds up, as `npm start` does. */
async function finish(application: Application): Promise<void> {
  const summary = await runOrders(application, {
    orders: settings.baskets,
    data: settings.data,
    seed: settings.seed,
    shortShare: settings.shortShare,
    payments: settings.payments,
    signal: new AbortController().signal,
    monotonic: () => performance.now(),
    progress: () => {},
  });
  if (summary === undefined) return;
  const { tally, ledger } = summary;
  const books = { conservation: conservationHolds(tally), ledger: ledgerHolds(tally, ledger) };
  say({ say: 'done', books });
}

/** The positions in the log may be wrong: the end is what the application takes for it. The verifier keeps the books. */
async function finishBroken(application: Application): Promise<void> {
  await load(application, Infinity);
  await rest(application);
  say({ say: 'done', books: { conservation: true, ledger: true } });
}

function topicSpec({ plan }: Application, name: string): TopicSpec {
  const topic = plan.topics.get(name);
  if (topic === undefined) throw new Error(`no topic ${name} in the plan`);
  const { partitions = 1, cleanup, retention } = topic;
  return { name, partitions, cleanup, retention };
}
